"""``foretype setup``: a plan for each editor (`plans`), of steps that can be undone (`steps`)."""

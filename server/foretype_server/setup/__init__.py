"""``foretype setup``: a plan for each editor (`plans`), of steps that can be undone (`steps`).

Lines for a user's own file are a step of their own (`config_file`), and stand between marks
(`marked_block`).
"""

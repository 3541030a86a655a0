"""``foretype setup``: what each editor needs to be put where (`plans`), and how that is done and
undone (`steps`).
"""

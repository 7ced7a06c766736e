from hypothesis import settings

# The same examples each time; the first of them may pay for working out a year's holidays.
same_examples = settings(derandomize=True, deadline=None, max_examples=150)

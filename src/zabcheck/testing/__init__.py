"""Models and recordings in a user's own tests: the fixtures ``check`` and ``recording`` of pytest.

Whatever a claim is about is asked in the words of the command line, and decided by the same functions. A claim that
is not met, or that could not be decided, is a failure of the test, in words and without a traceback of ours.
"""

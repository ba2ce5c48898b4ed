"""From a log file to answers, in any process and at any time: nothing here knows the recorder.

`files` reads what stands in a file, `runs` makes a run of it, `summary` tells it in brief; each other file answers one
question.
"""

"""From a log file to answers, in any process and at any time: nothing here knows the recorder."""

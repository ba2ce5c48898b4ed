"""What people watch: entries as text. Pure: neither the stream nor the clock is known here.

To add a form: a file beside this one with a class that has `paced` and `outputs`, and a line in `forms.FORMS`.
"""

"""What a text in a CSV or JSON file may stand for: one rule for every engine that reads files.

A column has the first of these types that all of it is written as. 007 is a code and no number; 01/02/2013 is
no date, as it could be read in two ways; an instant with an offset or with nanoseconds would lose them.
Patterns are of the whole text, in what RE2 and Java's regular expressions share.
"""

_HOURS = "(?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:[.][0-9]{1,6})?)?"
_DAY = "[0-9]{4}(?:-[0-9]{1,2}-|/[0-9]{1,2}/)[0-9]{1,2}"
_DIGITS = "(?:(?:0|[1-9][0-9]*)(?:[.][0-9]*)?|[.][0-9]+)(?:[eE][+-]?[0-9]+)?"

WHOLE = "^(?:0|-?[1-9][0-9]*)\\z"
NUMBER = f"^[ \\t]*[+-]?(?:{_DIGITS}|(?i:inf|infinity|nan))[ \\t]*\\z"
TIMESTAMP = f"^{_DAY}(?:[ T]{_HOURS}Z?)?\\z"
TIME = f"^{_HOURS}\\z"

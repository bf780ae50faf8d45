"""Prints a month in the language and the time zone of the image."""

import locale
from datetime import UTC, datetime

locale.setlocale(locale.LC_ALL, "")
for month in (1, 3, 7, 10):
    moment = datetime(2024, month, 15, 12, 30, tzinfo=UTC).astimezone()
    print(moment.strftime("%A, %d. %B %Y, %H:%M %Z"))
print(locale.format_string("%.2f", 1234567.891, grouping=True))
print(sorted(["Zebra", "Äpfel", "Birnen"], key=locale.strxfrm))

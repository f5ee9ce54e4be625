"""The words of the platform, as enums: functions, languages, suppliers."""

"""The command line: one module per group of commands.

What may live here: arguments, and words for people. What a command needs is imported when that command runs.
"""

"""placeholder"""


def examine(): ...

"""What a tensor can do: operators, functions called as methods, and methods that write in place."""

from fathom.methods.elementwise import Elementwise
from fathom.methods.functions import Functions
from fathom.methods.in_place import InPlace
from fathom.methods.memory import Memory
from fathom.methods.operators import Operators


class Methods(Operators, Elementwise, Functions, InPlace, Memory):
    """The methods that only call an operation."""

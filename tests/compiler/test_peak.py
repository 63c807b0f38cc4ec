"""What a computer can do at most is measured with all the work that is counted."""

import pytest

from fathom.compiler.engine import OTHERS, assembly
from fathom.compiler.peak import CHAINS, program


@pytest.mark.parametrize("name", ["avx512", "avx2"])
def test_every_multiply_add_of_the_loop_is_there(name):
    processor = OTHERS[name]
    text = assembly(program(processor.lanes), processor.machine())
    assert text.count("vfmadd") == CHAINS

"""LLVM: assembly text to machine code in this process, from the cache where it was compiled before."""

from __future__ import annotations

import ctypes
import functools
import os
from dataclasses import dataclass
from pathlib import Path

from fathom.compiler.cache import cached, place

# LLVM's passes: variables into registers, arithmetic in its simplest form. Loops and vectors are in the text already,
# each value is computed once there, and a whole pipeline makes no faster code of it in ten times the time.
PASSES = ("sroa", "instruction_combine")


@dataclass(frozen=True)
class Other:
    """A kind of processor that code can be made for on any computer, and how many float32 its vectors hold."""

    triple: str
    cpu: str
    features: str
    lanes: int

    def machine(self):
        """LLVM's target machine for it."""
        import llvmlite.binding as llvm

        llvm.initialize_all_targets()
        llvm.initialize_all_asmprinters()
        kind = llvm.Target.from_triple(self.triple)
        return kind.create_target_machine(cpu=self.cpu, features=self.features, opt=2)


OTHERS = {
    "avx512": Other("x86_64-unknown-linux-gnu", "x86-64-v4", "", 16),
    "avx2": Other("x86_64-unknown-linux-gnu", "x86-64-v3", "", 8),
    "neon": Other("aarch64-unknown-linux-gnu", "generic", "+neon", 4),
    "scalar": Other("riscv64-unknown-linux-gnu", "generic-rv64", "+m,+a,+f,+d", 1),
}


def target():
    """LLVM's target machine for this computer; an engine takes it over, so each gets its own."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    features = llvm.get_host_cpu_features().flatten()
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=features, opt=2
    )


@functools.cache
def lanes() -> int:
    """How many float32 fill a vector register of this computer."""
    import llvmlite.binding as llvm

    features = llvm.get_host_cpu_features()
    return 16 if features.get("avx512f") else 8 if features.get("avx2") else 4


@functools.cache
def give_way() -> int:
    """The address of the system's function that lets another thread run."""
    library = (
        ctypes.windll.kernel32.SwitchToThread if os.name == "nt" else ctypes.CDLL(None).sched_yield
    )
    return ctypes.cast(library, ctypes.c_void_p).value


def versions() -> str:
    """What machine code depends on besides the program: the processor's features, LLVM's version and its passes."""
    import llvmlite
    import llvmlite.binding as llvm

    features = llvm.get_host_cpu_features().flatten()
    triple = llvm.get_default_triple()
    return "\n".join([llvmlite.__version__, triple, features, str(PASSES)])


def place_of(text: str) -> Path:
    """The file of a module's machine code."""
    return place(f"{versions()}\n{text}", ".o")


def built(text: str):
    """An engine that holds the module's machine code, compiled or from the cache."""
    return loaded(cached(place_of(text), lambda: compiled(text, target())))


def loaded(code: bytes):
    """An engine that holds machine code."""
    import llvmlite.binding as llvm

    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), target())
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return engine


def compiled(text: str, machine) -> bytes:
    """The machine code of a module, as an object file."""
    return machine.emit_object(optimised(text, machine))


def assembly(text: str, machine) -> str:
    """The machine code of a module, as a person reads it."""
    return machine.emit_assembly(optimised(text, machine))


def optimised(text: str, machine):
    """The module after LLVM's passes."""
    import llvmlite.binding as llvm

    module = llvm.parse_assembly(text)
    module.verify()
    passes = llvm.create_new_module_pass_manager()
    for name in PASSES:
        getattr(passes, f"add_{name}_pass")()
    passes.run(module, llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options()))
    return module

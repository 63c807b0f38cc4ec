"""LLVM: assembly text to machine code in this process, from the cache where it was compiled before."""

from __future__ import annotations

import ctypes
import functools
import os

from fathom.compiler.cache import cached


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


def built(text: str):
    """An engine that holds the module's machine code, compiled or from the cache."""
    import llvmlite
    import llvmlite.binding as llvm

    machine = target()
    features = llvm.get_host_cpu_features().flatten()
    key = "\n".join([llvmlite.__version__, machine.triple, features, text])
    code = llvm.ObjectFileRef.from_data(cached(key, lambda: compiled(text, machine)))
    empty = llvm.parse_assembly("")
    engine = llvm.create_mcjit_compiler(empty, machine)
    engine.add_object_file(code)
    engine.finalize_object()
    return engine


def compiled(text: str, machine) -> bytes:
    """The machine code of a module, as an object file."""
    import llvmlite.binding as llvm

    module = llvm.parse_assembly(text)
    module.verify()
    options = llvm.create_pipeline_tuning_options(speed_level=2)
    options.loop_vectorization = options.slp_vectorization = options.loop_unrolling = False
    passes = llvm.create_pass_builder(machine, options)
    passes.getModulePassManager().run(module, passes)
    return machine.emit_object(module)

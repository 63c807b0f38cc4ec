"""AMX for processors that have none: its six instructions as functions, which take their places in a module's text.

The tiles are memory of the module, so one thread runs such a program at a time. Tiles that are used before their shapes
are set, or after they were given back, are nan. What hardware does and this does not: numbers below 1.2e-38 are 0.
"""

from __future__ import annotations

import re

from fathom.compiler.amx import INSTRUCTIONS, SHAPES

EVEN = ", ".join(f"i32 {2 * k}" for k in range(16))
ODD = ", ".join(f"i32 {2 * k + 1}" for k in range(16))
WHOLE = "".join(f"\\{byte:02X}" for byte in SHAPES)

FUNCTIONS = """
@tiles = internal global [8 x [16 x [16 x float]]] zeroinitializer, align 64
@in_use = internal global i1 false

define internal ptr @row(i8 %tile, i64 %m) {
  %t = zext i8 %tile to i64
  %at = getelementptr [16 x [16 x float]], ptr @tiles, i64 %t, i64 %m
  ret ptr %at
}

define internal <16 x float> @checked(<16 x float> %x) {
  %ready = load i1, ptr @in_use
  %nan = fadd <16 x float> %x, splat (float 0x7FF8000000000000)
  %y = select i1 %ready, <16 x float> %x, <16 x float> %nan
  ret <16 x float> %y
}

define internal void @ldtilecfg(ptr %shapes) {
  %palette = load i8, ptr %shapes
  %known = icmp eq i8 %palette, 1
  store i1 %known, ptr @in_use
  ret void
}

define internal void @tilerelease() {
  store i1 false, ptr @in_use
  ret void
}

define internal void @tilezero(i8 %tile) {
  %at = call ptr @row(i8 %tile, i64 0)
  call void @llvm.memset.p0.i64(ptr %at, i8 0, i64 1024, i1 false)
  ret void
}

define internal void @tileloadd64(i8 %tile, ptr %from, i64 %apart) {
entry:
  br label %rows
rows:
  %m = phi i64 [ 0, %entry ], [ %following, %rows ]
  %offset = mul i64 %m, %apart
  %here = getelementptr i8, ptr %from, i64 %offset
  %x = load <16 x float>, ptr %here, align 2
  %at = call ptr @row(i8 %tile, i64 %m)
  store <16 x float> %x, ptr %at
  %following = add i64 %m, 1
  %more = icmp slt i64 %following, 16
  br i1 %more, label %rows, label %end
end:
  ret void
}

define internal void @tilestored64(i8 %tile, ptr %to, i64 %apart) {
entry:
  br label %rows
rows:
  %m = phi i64 [ 0, %entry ], [ %following, %rows ]
  %offset = mul i64 %m, %apart
  %here = getelementptr i8, ptr %to, i64 %offset
  %at = call ptr @row(i8 %tile, i64 %m)
  %x = load <16 x float>, ptr %at
  %y = call <16 x float> @checked(<16 x float> %x)
  store <16 x float> %y, ptr %here, align 2
  %following = add i64 %m, 1
  %more = icmp slt i64 %following, 16
  br i1 %more, label %rows, label %end
end:
  ret void
}

define internal void @tdpbf16ps(i8 %c, i8 %a, i8 %b) {
entry:
  br label %rows
rows:
  %m = phi i64 [ 0, %entry ], [ %next_row, %sum ]
  %at_c = call ptr @row(i8 %c, i64 %m)
  %at_a = call ptr @row(i8 %a, i64 %m)
  br label %pairs
pairs:
  %p = phi i64 [ 0, %rows ], [ %next_pair, %pairs ]
  %even = phi <16 x float> [ zeroinitializer, %rows ], [ %more_even, %pairs ]
  %odd = phi <16 x float> [ zeroinitializer, %rows ], [ %more_odd, %pairs ]
  %at_first = getelementptr [2 x bfloat], ptr %at_a, i64 %p
  %at_second = getelementptr bfloat, ptr %at_first, i64 1
  %first = load bfloat, ptr %at_first
  %second = load bfloat, ptr %at_second
  %at_b = call ptr @row(i8 %b, i64 %p)
  %row = load <32 x bfloat>, ptr %at_b
  %firsts = shufflevector <32 x bfloat> %row, <32 x bfloat> poison, <16 x i32> <EVEN>
  %seconds = shufflevector <32 x bfloat> %row, <32 x bfloat> poison, <16 x i32> <ODD>
  %b_even = fpext <16 x bfloat> %firsts to <16 x float>
  %b_odd = fpext <16 x bfloat> %seconds to <16 x float>
  %x = fpext bfloat %first to float
  %y = fpext bfloat %second to float
  %x_one = insertelement <16 x float> poison, float %x, i64 0
  %y_one = insertelement <16 x float> poison, float %y, i64 0
  %xs = shufflevector <16 x float> %x_one, <16 x float> poison, <16 x i32> zeroinitializer
  %ys = shufflevector <16 x float> %y_one, <16 x float> poison, <16 x i32> zeroinitializer
  %product_even = fmul <16 x float> %xs, %b_even
  %product_odd = fmul <16 x float> %ys, %b_odd
  %more_even = fadd <16 x float> %even, %product_even
  %more_odd = fadd <16 x float> %odd, %product_odd
  %next_pair = add i64 %p, 1
  %again = icmp slt i64 %next_pair, 16
  br i1 %again, label %pairs, label %sum
sum:
  %both = fadd <16 x float> %more_even, %more_odd
  %before = load <16 x float>, ptr %at_c
  %after = fadd <16 x float> %before, %both
  %kept = call <16 x float> @checked(<16 x float> %after)
  store <16 x float> %kept, ptr %at_c
  %next_row = add i64 %m, 1
  %more = icmp slt i64 %next_row, 16
  br i1 %more, label %rows, label %end
end:
  ret void
}

define bfloat @__truncsfbf2(float %x) {
  %bits = bitcast float %x to i32
  %upper = lshr i32 %bits, 16
  %last = and i32 %upper, 1
  %half = add i32 %last, 32767
  %up = add i32 %bits, %half
  %nearest = lshr i32 %up, 16
  %nan = fcmp uno float %x, %x
  %chosen = select i1 %nan, i32 32704, i32 %nearest
  %short = trunc i32 %chosen to i16
  %y = bitcast i16 %short to bfloat
  ret bfloat %y
}
""".replace("EVEN", EVEN).replace(
    "ODD", ODD
)  # the last is what LLVM calls where there is no AVX-512 BF16


def emulated(text: str) -> str:
    """A module's text with the instructions as functions."""
    if "@llvm.x86." not in text:
        return text
    text = re.sub(r"declare void @llvm\.x86\..*\n", "", text)
    for name in INSTRUCTIONS:
        text = text.replace(f"@llvm.x86.{name}(", f"@{name}(")
    assert "@llvm.x86." not in text and WHOLE in text
    return text + FUNCTIONS

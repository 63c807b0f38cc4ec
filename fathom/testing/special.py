"""Cases of special functions, softmax, and what numbers are made of."""

from __future__ import annotations

import numpy as np

from fathom.testing.case import case, each, edges, normal, positive, uniform, whole

CASES = [
    # ---- special functions ----
    *each("erf erfc sinc i0 special.erfcx special.i0e special.i1 special.i1e", (normal(3, 4),), (normal(),)),
    *each("special.ndtr special.log_ndtr special.expit", (normal(3, 4),), (uniform(-9, 9, 5),)),
    *each("erfinv special.ndtri", (uniform(0.1, 0.9, 3, 4),)),
    *each("lgamma digamma special.entr special.psi special.gammaln", (positive(3, 4),), (positive(),)),
    *each("lgamma digamma", (uniform(-1.9, -1.1, 4),)),
    case("polygamma", 1, positive(5)),
    case("polygamma", 0, positive(5)),
    case("polygamma", 3, positive(5)),
    case("Tensor.polygamma", positive(5), 2),
    *each("mvlgamma special.multigammaln", (uniform(2.0, 4.0, 5), 3)),
    *each("xlogy special.xlog1py", (normal(3, 4), positive(4)), (normal(3), 2.0), (2.0, positive(3))),
    *each("special.gammainc igamma", (positive(3), positive(3)), orders=0),
    *each("special.gammaincc igammac", (positive(3), positive(3)), orders=0),
    case("special.gammainc", 2.5, positive(4),
        call=lambda lib, a, x: lib.special.gammainc(lib.full_like(x, a), x)),
    case("special.gammaincc", 2.5, positive(4),
        call=lambda lib, a, x: lib.special.gammaincc(lib.full_like(x, a), x)),
    case("special.zeta", uniform(1.5, 4.0, 4), positive(4), orders=0),
    case("special.zeta", positive(4), orders=0, call=lambda lib, q: lib.special.zeta(lib.full_like(q, 3), q)),
    *each("erf erfc erfinv digamma sinc i0 special.entr special.i1e special.ndtr", (edges(),), orders=0),
    *each("xlogy special.xlog1py", (edges(8, 1), edges()), orders=0),
    *each("special.exp2 special.expm1 special.log1p special.logit special.round", (uniform(0.1, 0.9, 4),)),
    # ---- softmax ----
    *each("softmax log_softmax", (normal(3, 4), 1), (normal(2, 3, 4), 0), (normal(), 0), (normal(0, 3), 1)),
    *each("softmax log_softmax", (uniform(-900, 900, 3, 4), -1), orders=1),
    *each("special.softmax special.log_softmax", (normal(3), 0)),
    *each("softmax log_softmax", (edges(2, 4), 1), orders=0),
    case("special.logsumexp", normal(3, 4), 0),
    # ---- numbers ----
    case("hypot", normal(3, 4), normal(4), numpy=np.hypot),
    case("signbit", normal(5), orders=0, numpy=np.signbit),
    *each("signbit isposinf isneginf isreal", (edges(),), (whole(-3, 3, 5),), orders=0),
    case("copysign", normal(3, 4), normal(4), numpy=np.copysign),
    case("copysign", edges(8, 1), edges(), orders=0),
    case("copysign", normal(3), -1.0, orders=0),
    case("heaviside", normal(5), normal(5), orders=0, numpy=np.heaviside),
    case("heaviside", edges(), normal(8), orders=0),
    case("ldexp", normal(3), whole(-3, 4, 3), orders=0, numpy=np.ldexp),
    case("frexp", normal(5), orders=0, numpy=lambda x: tuple(np.frexp(x))),
    case("frexp", uniform(-1e30, 1e30, 5), orders=0),
    case("nextafter", normal(5), normal(5), orders=0, numpy=np.nextafter),
    case("logaddexp2", normal(5), normal(5), numpy=np.logaddexp2),
    case("float_power", positive(5), normal(5), orders=0),
    case("float_power", positive(5), 2, orders=0),
    *each("gcd lcm", (whole(-30, 30, 3, 4), whole(1, 30, 4)), orders=0),
    *each("bitwise_left_shift bitwise_right_shift", (whole(-30, 30, 5), whole(0, 9, 5)),
        (whole(1, 9, 4), 2), orders=0),
    *each("fix", (normal(5),)),
]  # fmt: skip

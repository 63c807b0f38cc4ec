"""Cases of statistics, counting, searching and running results."""

from __future__ import annotations

import numpy as np

from fathom.testing.case import case, distinct, each, edges, normal, truth, uniform, whole

UNKNOWN = {"orders": 0, "mapped": False, "traced": False}  # the result's shape depends on values

CASES = [
    # ---- middles and spreads ----
    *each("median nanmedian", (distinct(3, 4),), (distinct(3, 4), 1), (distinct(3, 4), 0, True), (normal(),)),
    *each("median nanmedian", (edges(2, 4), 1), (edges(),), (whole(0, 9, 7),), orders=0),
    *each("quantile nanquantile", (distinct(3, 4), 0.3), (distinct(3, 4), 0.3, 1),
        (distinct(3, 4), 0.75, 0, True), mapped=False, traced=False),
    *[
        case(name, distinct(2, 5), uniform(0, 1, 3), 1, interpolation=way, mapped=False, traced=False,
             call=lambda lib, x, q, d, **o: lib.quantile(x, q.detach(), d, **o), orders=0)
        for name in ("quantile", "nanquantile")
        for way in ("linear", "lower", "higher", "midpoint", "nearest")
    ],
    *each("quantile nanquantile", (edges(2, 4), 0.4, 1), orders=0, mapped=False, traced=False),
    *each("kthvalue", (distinct(3, 4), 2), (distinct(3, 4), 3, 0, True)),
    *each("mode", (distinct(3, 4), 1), (distinct(5),)),
    *each("mode", (whole(0, 4, 3, 9),), (whole(0, 4, 9, 3), 0, True), (whole(0, 3, 1),), orders=0,
          call=lambda lib, x, *a: lib.mode(x, *a).values),
    *each("aminmax", (distinct(3, 4),)),
    case("aminmax", distinct(3, 4), dim=1, keepdim=True),
    *each("var_mean std_mean", (normal(3, 4),), (normal(3, 4), 1), (normal(2, 3, 4), (0, 2))),
    case("var_mean", normal(3, 4), dim=0, correction=0, keepdim=True),
    *each("nansum nanmean", (normal(3, 4),), (normal(3, 4), 1, True)),
    *each("nansum nanmean", (edges(2, 4), 1), (edges(),), orders=0),
    case("nansum", whole(0, 9, 5), orders=0),
    case("cov", normal(3, 5)),
    case("cov", normal(5)),
    case("cov", normal(3, 5), correction=0),
    case("cov", normal(3, 5), whole(1, 4, 5), call=lambda lib, x, w: lib.cov(x, fweights=w)),
    case("cov", normal(3, 5), uniform(0.5, 1, 5), call=lambda lib, x, w: lib.cov(x, aweights=w)),
    case("corrcoef", normal(3, 5)),
    # ---- counting ----
    *each("count_nonzero", (whole(0, 2, 3, 4),), (whole(0, 2, 3, 4), 1), (normal(3),), orders=0),
    case("bincount", whole(0, 5, 9), numpy=np.bincount, **UNKNOWN),
    case("bincount", whole(0, 5, 9), normal(9), 8, **UNKNOWN),
    *each("histc", (uniform(0, 3, 20), 5, 0, 3), (normal(20), 4), **UNKNOWN),
    case("histogram", normal(20), 5, **UNKNOWN),
    case("histogram", normal(20), 5, range=(-1.0, 2.0), density=True, **UNKNOWN),
    *each("unique unique_consecutive", (whole(0, 3, 9),), (whole(0, 3, 3, 4),), **UNKNOWN),
    *each("unique unique_consecutive", (whole(0, 3, 9),), return_inverse=True, return_counts=True, **UNKNOWN),
    *each("unique unique_consecutive", (whole(0, 2, 5, 2),), dim=0, return_counts=True, **UNKNOWN),
    *each("unique", (whole(0, 2, 2, 5),), dim=1, return_inverse=True, **UNKNOWN),
    # ---- searching ----
    case("searchsorted", distinct(6), normal(2, 3), orders=0,
        call=lambda lib, a, v: lib.searchsorted(a.sort().values, v)),
    case("searchsorted", distinct(2, 6), normal(2, 3), orders=0,
        call=lambda lib, a, v: lib.searchsorted(a.sort().values, v)),
    case("searchsorted", whole(0, 5, 6), whole(0, 5, 9), orders=0, note="right",
         call=lambda lib, a, v: lib.searchsorted(a.sort().values, v, right=True)),
    case("bucketize", whole(0, 5, 2, 3), whole(0, 5, 4), orders=0,
        call=lambda lib, v, a: lib.bucketize(v, a.sort().values)),
    case("isin", whole(0, 9, 3, 4), whole(0, 9, 3), orders=0, numpy=np.isin),
    case("isin", whole(0, 9, 3, 4), 3, orders=0, invert=True),
    case("argwhere", whole(0, 2, 3, 4), numpy=np.argwhere, **UNKNOWN),
    case("unravel_index", whole(0, 24, 5), (2, 3, 4), orders=0),
    # ---- running ----
    *each("cummax cummin", (distinct(3, 4), 1), (distinct(5), 0)),
    *each("cummax cummin", (whole(0, 4, 3, 9), 1), (edges(2, 4), 1), (edges(), 0), orders=0),
    *each("logcumsumexp", (normal(3, 4), 1), (normal(3, 4), 0), (uniform(-900, 900, 5), 0)),
    case("logcumsumexp", edges(2, 4), 0, orders=0),
    case("diff", normal(3, 4), numpy=np.diff),
    *each("diff", (normal(3, 4), 2, 0), (normal(3, 4), 9), (normal(3, 4), 1, -1, normal(3, 2), normal(3, 1))),
    case("diff", truth(6), orders=0, numpy=np.diff),
    *each("trapezoid trapz cumulative_trapezoid", (normal(3, 4),), (normal(3, 4), normal(4)),
        (normal(3, 4), normal(3, 4))),
    *each("trapezoid cumulative_trapezoid", (normal(3, 4),), dx=0.5, dim=0),
    case("gradient", normal(4, 5), numpy=lambda x: tuple(np.gradient(x))),
    case("gradient", normal(4, 5), spacing=0.5, dim=1),
    case("gradient", normal(4, 5), spacing=2.0, edge_order=2),
    case("gradient", normal(5), normal(5), orders=0,
         call=lambda lib, x, h: lib.gradient(x, spacing=(h.exp().cumsum(0).detach(),))),
]  # fmt: skip

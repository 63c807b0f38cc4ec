"""A small vision transformer: images of 96x96 as 36 patches of 16x16, 6 layers of 256, batch 32.

A. Dosovitskiy et al.: An Image is Worth 16x16 Words, 2020.
"""

from __future__ import annotations

from typing import Any

from benchmarks.models.case import Case, classification, images

PATCH, PATCHES, SIZE, HEADS, LAYERS = 16, 36, 256, 4, 6


def build(torch: Any) -> Any:
    nn, F = torch.nn, torch.nn.functional

    class Layer(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.norm1, self.norm2 = nn.LayerNorm(SIZE), nn.LayerNorm(SIZE)
            self.attention = nn.MultiheadAttention(SIZE, HEADS, batch_first=True)
            self.up, self.down = nn.Linear(SIZE, 4 * SIZE), nn.Linear(4 * SIZE, SIZE)

        def forward(self, x: Any) -> Any:
            y = self.norm1(x)
            x = x + self.attention(y, y, y, need_weights=False)[0]
            return x + self.down(F.gelu(self.up(self.norm2(x))))

    class ViT(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.patches = nn.Conv2d(3, SIZE, PATCH, stride=PATCH)
            self.first = nn.Parameter(torch.randn(1, 1, SIZE) * 0.02)
            self.places = nn.Parameter(torch.randn(1, PATCHES + 1, SIZE) * 0.02)
            self.layers = nn.Sequential(*[Layer() for _ in range(LAYERS)])
            self.norm, self.head = nn.LayerNorm(SIZE), nn.Linear(SIZE, 10)

        def forward(self, x: Any) -> Any:
            x = self.patches(x).flatten(2).transpose(1, 2)  # (N, patches, C)
            x = torch.cat([self.first.expand(len(x), -1, -1), x], dim=1) + self.places
            return self.head(self.norm(self.layers(x)[:, 0]))

    return ViT()


CASES = (
    Case("vit", "6 layers of 256, 96x96 images, batch 32", build, images(32, 3, 96, 10),
         classification, lr=0.01),
)  # fmt: skip

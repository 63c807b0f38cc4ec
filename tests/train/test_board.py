from __future__ import annotations

from fathom.train import ProgressBoard


def test_points_are_means_of_every_n():
    board = ProgressBoard()
    for x in range(5):
        board.draw(x, 10 * x, "loss", every_n=2)
    assert board.curves["loss"] == [(0.5, 5), (2.5, 25)]


def test_pictures_are_saved_in_the_kind_that_the_name_says(tmp_path):
    board = ProgressBoard(xlabel="epoch", xlim=(0, 4), ylim=(0, 40), yscale="linear")
    for x in range(4):
        board.draw(x, 10 * x, "loss")
        board.draw(x, 40 - x, "acc", every_n=4)
    board.save(tmp_path / "curves.png")
    board.save(tmp_path / "curves.svg")
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert b"<svg" in (tmp_path / "curves.svg").read_bytes()
    axes = board.figure().gca()
    assert axes.get_xlabel() == "epoch"
    assert [line.get_label() for line in axes.lines] == ["loss", "acc"]
    assert axes.get_xlim() == (0, 4)


def test_outside_a_notebook_nothing_is_drawn_until_asked():
    board = ProgressBoard()
    board.draw(0, 1, "loss")
    assert board.fig is None


def test_in_a_notebook_each_point_redraws_the_cell(monkeypatch):
    shown = []
    monkeypatch.setattr("fathom.train.board.in_notebook", lambda: True)
    monkeypatch.setattr(ProgressBoard, "show", lambda self: shown.append(len(self.curves["loss"])))
    for display in (True, False):
        board = ProgressBoard(display=display)
        for x in range(4):
            board.draw(x, x, "loss", every_n=2)
    assert shown == [1, 2]

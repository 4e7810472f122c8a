"""Long work in small steps: until there is no more, or until it was enough for once."""

import pytest

from accounts import batches


@pytest.mark.parametrize(("most", "done"), [(10, 7), (3, 7), (2, 6), (0, 0)])
def test_it_goes_on_until_a_step_is_not_full_or_there_were_enough(most: int, done: int) -> None:
    left = [7]

    def step(size: int) -> int:
        taken = min(size, left[0])
        left[0] -= taken
        return taken

    assert batches.repeat(step, size=3, most=most) == done
    assert left == [7 - done]

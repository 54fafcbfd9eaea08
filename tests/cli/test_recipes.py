# SPDX-License-Identifier: Apache-2.0
"""What README.md and the documents tell a reader to type is typed, and prints what they show."""
import fcntl
import os

import pytest

from harness import recipe

RECIPES = recipe.all_recipes()


@pytest.fixture(scope="module")
def image(session_folder):
    return recipe.make_image(session_folder)


@pytest.fixture(scope="module", autouse=True)
def alone():
    """Names of containers are those of the documents, and so are their cgroups: one at a time."""
    with open("/var/tmp/thole-recipes.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def test_there_are_recipes():
    assert len(RECIPES) >= 10
    assert all(found.after is None or found.after in RECIPES for found in RECIPES.values())


AGREEING = [("a\nb\n", "a\nb\n"), ("a ... c\n", "a bb c\n"), ("a\n...\nd\n", "a\nb\nc\nd\n"), ("...\n", "")]
DIFFERENT = [("a\n", ""), ("", "a\n"), ("a\n", "a\nb\n"), ("a...c\n", "a\nc\n"), ("a\n...\n", "b\n"), ("a.c\n", "abc\n")]


@pytest.mark.parametrize("expected, printed", AGREEING + DIFFERENT)
def test_what_differs_is_noticed(expected, printed):
    assert recipe.agrees(expected, printed) == ((expected, printed) in AGREEING)


# Engines set limits, for which the view of cgroup v2 has no controllers where the host uses them for v1.
@pytest.mark.any_layout
@pytest.mark.needs(root=True)
@pytest.mark.parametrize("name", RECIPES)
def test_recipe(thole_path, folder, image, name):
    reason = recipe.Kitchen.missing(RECIPES[name], RECIPES)
    if reason:
        pytest.skip(reason)
    for expected, printed, status, succeeds in recipe.Kitchen(thole_path, folder, image).follow(
            RECIPES[name], RECIPES):
        assert status == 0 or not succeeds, printed
        if expected is not None:
            assert recipe.agrees(expected, printed), f"should have printed:\n{expected}\nprinted:\n{printed}"

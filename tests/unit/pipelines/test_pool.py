"""Running shards in parallel gives what running them one after the other gives."""

import os

import pytest

from pipelines.pool import map_shards, try_shards


def shout(shard: str) -> tuple[str, int]:
    return shard.upper(), os.getpid()


def fail(shard: str) -> str:
    raise ValueError(f"cannot do {shard}")


def test_two_processes_give_what_one_gives_in_the_same_order() -> None:
    shards = ["c", "a", "b"]
    serial = map_shards(shout, shards, jobs=1)
    parallel = map_shards(shout, shards, jobs=2)
    assert list(serial) == list(parallel) == shards
    assert [s for s, _ in serial.values()] == [s for s, _ in parallel.values()] == ["C", "A", "B"]
    assert {pid for _, pid in serial.values()} == {os.getpid()}
    assert os.getpid() not in {pid for _, pid in parallel.values()}


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_error_of_a_step_is_raised(jobs: int) -> None:
    with pytest.raises(ValueError, match="cannot do a"):
        map_shards(fail, ["a", "b"], jobs=jobs)


def test_every_finished_shard_is_told() -> None:
    done: list[str] = []
    map_shards(shout, ["a", "b"], jobs=2, on_done=done.append)
    assert sorted(done) == ["a", "b"]


def fall(shard: str) -> str:
    if shard == "b":
        os._exit(9)
    return shard.upper()


def stumble(shard: str) -> str:
    if shard == "b":
        raise ValueError(f"cannot do {shard}")
    return shard.upper()


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_shard_that_fails_keeps_no_other_from_its_result(jobs: int) -> None:
    done: list[str] = []
    found = try_shards(stumble, ["a", "b", "c"], jobs=jobs, on_done=done.append)
    assert (dict(found.results), sorted(done)) == ({"a": "A", "c": "C"}, ["a", "c"])
    assert {key: str(error) for key, error in found.errors.items()} == {"b": "cannot do b"}


def test_a_shard_whose_process_dies_keeps_no_other_from_its_result() -> None:
    found = try_shards(fall, ["b", "a", "c"], jobs=2)
    assert dict(found.results) == {"a": "A", "c": "C"}
    assert list(found.errors) == ["b"]

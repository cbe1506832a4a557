"""One writer: who holds an App keeps it while it works, and does nothing once it is another's."""

from __future__ import annotations

from dataclasses import replace

import pytest
from workshop import Workshop, create

from moot.engine.hold import hold
from moot.engine.journal import LEASE_S
from moot.model.diagnostic import Failure
from moot.store import LeaseHeld


@pytest.fixture
def shop(tmp_path):
    made = Workshop(tmp_path)
    made.ahead = 0.0
    now = made.env.now
    made.env = replace(made.env, now=lambda: now() + made.ahead)
    made.venues = made.fresh_venues()
    yield made
    made.store.close()


def alive(holder: str) -> bool:
    """Nobody is known to have ended."""
    return False


def test_the_second_to_ask_is_told_who_holds_it(shop):
    with (
        hold("shop", "up", shop.world, "the first", alive),
        pytest.raises(Failure) as refused,
        hold("shop", "up", shop.world, "other", alive),
    ):
        pass
    assert refused.value.exit_code == 5
    assert "the first" in refused.value.diagnostics[0].detail


def test_a_lease_is_kept_as_long_as_it_is_renewed(shop):
    with hold("shop", "up", shop.world, "the first", alive) as journal:
        for _ in range(10):
            shop.ahead += LEASE_S / 2
            journal.renew()
            assert journal.valid_until > shop.env.now()
            with pytest.raises(LeaseHeld):
                shop.store.claim("shop", "other", shop.env.now(), LEASE_S, alive)


def test_a_lease_that_took_longer_than_it_lasts_is_asked_for_again(shop, monkeypatch):
    claim = shop.store.claim

    def held_up(*args):
        """As where another's transaction has to end first."""
        lease = claim(*args)
        shop.ahead += LEASE_S + 1
        return lease

    with hold("shop", "up", shop.world, "the first", alive) as journal:
        shop.ahead += LEASE_S / 2
        monkeypatch.setattr(shop.store, "claim", held_up)
        journal.renew()
        monkeypatch.undo()
        assert journal.valid_until < shop.env.now()
        journal.renew()
        assert journal.valid_until > shop.env.now()


def test_whoever_was_paused_writes_nothing_any_more(shop):
    with (
        pytest.raises(Failure) as refused,
        hold("shop", "up", shop.world, "zombie", alive) as journal,
    ):
        shop.ahead += LEASE_S + 1
        shop.store.claim("shop", "other", shop.env.now(), LEASE_S, alive)
        with pytest.raises(LeaseHeld), shop.store.turn(journal.lease):
            pass
        journal.renew()
    assert refused.value.exit_code == 5


def test_a_lease_that_was_anothers_meanwhile_is_not_taken_back(shop):
    """What the turn knows is out of date, although the other has finished and given it free."""
    with pytest.raises(Failure), hold("shop", "up", shop.world, "zombie", alive) as journal:
        shop.ahead += LEASE_S + 1
        other = shop.store.claim("shop", "other", shop.env.now(), LEASE_S, alive)
        shop.store.release(other)
        journal.renew()
    third = shop.store.claim("shop", "third", shop.env.now(), LEASE_S, alive)
    assert third.holder == "third"


def test_no_call_is_begun_after_the_lease_has_run_out(shop):
    """The process was paused between the intent and the call, and the App is another's by now."""
    journal = shop.journal()
    commit = journal.commit

    def pause(effects, walk):
        commit(effects, walk)
        shop.ahead += 2e6

    journal.commit = pause
    shop.journal = lambda: journal
    walk = shop.apply(create("a"))
    assert shop.things() == []
    assert [f.detail for f in walk.failures] == ["ResourceConflict: the lease had run out"]


def test_the_lease_is_renewed_while_venues_are_asked(shop):
    shop.apply(create("a"))
    with hold("shop", "up", shop.world, "the first", lambda holder: True) as journal:
        before = journal.valid_until

        def slowly(venue, type):
            shop.ahead += LEASE_S / 2

        shop.hooks["list"] = slowly
        shop.journal = lambda: journal
        shop.observe()
        assert journal.valid_until > before

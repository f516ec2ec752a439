"""The Weibo adapter takes the exam, with the server of the sandbox, which knows no key of ours."""

import json
from collections.abc import Callable, Mapping
from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from contracts.outcome import TargetState
from contracts.values import Action, Channel, Withdrawal
from sandbox import weibo
from services.channels.push.adapter import Adapter
from services.channels.push.model import Stage
from services.channels.push.weibo.adapter import REVIEW_S, Weibo
from services.channels.push.weibo.post import LONGEST, fitted, weight, words
from services.kit.crypto import SoftwareCrypto
from services.kit.db import Database
from services.kit.errors import Refused
from tests.channels.exam import Candidate, Network, answering
from tests.channels.exam.sitting import Sitting
from tests.channels.push.push_make import SHORT, WARNING, PushHouse, a_notice, only
from tests.clock import HandClock

TOKEN = "weibo-token-of-the-exam"
SHARE = "/2/statuses/share.json"
PAGE = "https://yutian.example/public"
_VOID = ("解除", "停止播发")


class WeiboCandidate(Candidate):
    """The Weibo server of the sandbox; two targets of the engine's tests share one post."""

    channel = Channel.WEIBO
    path = SHARE
    arrived = TargetState.PLAYED

    def __init__(self, clock: HandClock, crypto: SoftwareCrypto) -> None:
        super().__init__(clock, crypto)
        self.secrets = (TOKEN,)
        self.blog = weibo.Microblog(TOKEN, "yutian.example", now=clock, faults=self.faults, hourly=100_000)

    def app(self) -> FastAPI:
        return weibo.create(self.blog)

    def adapter(self, http: httpx.AsyncClient, db: Database, url: str) -> Adapter:
        return Weibo(self.line(http, url), SecretStr(TOKEN), "203.0.113.7", PAGE)

    def request(self, *args, part: str = "0", **given):  # type: ignore[no-untyped-def]
        """Return a request whose words are its own: Weibo refuses the same words of another warning."""
        notice = given.get("notice") or a_notice()
        if part != "0":
            said = notice.text.model_copy(update={"short": f"（{part}）{notice.text.short}"})
            given["notice"] = notice.model_copy(update={"text": said})
        return super().request(*args, part=part, **given)

    @staticmethod
    def _void(post: weibo.Post) -> bool:
        return any(word in post.text for word in _VOID)

    def said(self) -> int:
        return sum(not self._void(post) for post in self.blog.posts.values())

    def standing(self) -> int:
        left = (post for post in self.blog.posts.values() if post.deleted_at is None)
        return sum(not self._void(post) for post in left)

    def lifted(self) -> int:
        return sum(self._void(post) for post in self.blog.posts.values())

    def forget(self) -> None:
        self.blog.posts.clear()

    def refusals(self) -> Mapping[str, Callable[[Network], None]]:
        return {str(code): self._answering(400, code) for code in (20008, 20012, 20018, 20021)} | {
            "400": lambda network: network.spoil(answering(400), SHARE, times=9)
        }

    def to_be_mended(self) -> Mapping[str, Callable[[Network], None]]:
        codes = (21327, 21332, 10014, 10017, 10023, 20016, 29999)
        return {str(code): self._answering(403, code) for code in codes} | {
            "403": lambda network: network.spoil(answering(403), SHARE, times=9),
            "404": lambda network: network.spoil(answering(404), SHARE, times=9),
        }

    def check_drill(self) -> None:
        posts = list(self.blog.posts.values())
        assert posts
        assert all("演练" in post.text for post in posts)

    @staticmethod
    def _answering(status: int, code: int) -> Callable[[Network], None]:
        body = json.dumps({"error": "no", "error_code": code, "request": SHARE}).encode()
        return lambda network: network.spoil(answering(status, body), SHARE, times=9)


def _blog(candidate: Candidate) -> weibo.Microblog:
    assert isinstance(candidate, WeiboCandidate)
    return candidate.blog


class TestWeibo(Sitting):
    """What only Weibo is asked."""

    @pytest.fixture
    def candidate(self, clock: HandClock, crypto: SoftwareCrypto) -> Candidate:
        return WeiboCandidate(clock, crypto)

    async def test_an_update_and_a_lift_delete_what_they_replace(
        self, candidate: Candidate, sitting: tuple[PushHouse, Network]
    ) -> None:
        house, _ = sitting
        for revision, action in ((1, Action.START), (2, Action.REPLACE), (3, Action.STOP)):
            await house.take(candidate.request(revision, action))
            await house.work(5)
        first, second, third = _blog(candidate).posts.values()
        assert first.deleted_at
        assert second.deleted_at
        assert not third.deleted_at
        assert "更新" in second.text
        assert "解除" in third.text

    async def test_a_post_that_may_not_be_deleted_is_corrected_beside_it(
        self, candidate: Candidate, sitting: tuple[PushHouse, Network]
    ) -> None:
        house, _ = sitting
        _blog(candidate).may_delete = False
        request = candidate.request()
        await house.take(request)
        await house.work(5)
        await house.end(1, Withdrawal.HALTED)
        await house.work(30)
        assert [("停止播发" in post.text) for post in _blog(candidate).posts.values()] == [False, True]
        assert (await house.get(request)).stage is Stage.DONE

    async def test_what_has_run_out_stays_as_it_is(
        self, candidate: Candidate, sitting: tuple[PushHouse, Network]
    ) -> None:
        house, _ = sitting
        request = candidate.request()
        await house.take(request)
        await house.work(5)
        house.clock.at = request.notice.expires + timedelta(seconds=1)
        await house.work(60)
        assert candidate.standing() == 1
        assert (await house.get(request)).stage is Stage.DONE

    async def test_a_review_is_waited_for_and_then_told_to_people(
        self, candidate: Candidate, sitting: tuple[PushHouse, Network]
    ) -> None:
        house, _ = sitting
        slow, never = candidate.request(), candidate.request(part="never")
        _blog(candidate).review_s = 900
        await house.take(slow)
        await house.work(800)
        assert await house.tally(slow) == only(sent=2)
        await house.work(300)
        assert await house.tally(slow) == only(played=2)
        _blog(candidate).review_s = 10**6
        await house.take(never)
        await house.work(REVIEW_S + 120)
        assert await house.tally(never) == only(failed=2)
        *_, report = await house.reported(never)
        assert {outcome.detail for outcome in report.outcomes} == {
            "Weibo does not show the post: it is still being reviewed, or was taken down"
        }

    async def test_a_token_that_expires_in_the_middle_loses_nothing(
        self, candidate: Candidate, sitting: tuple[PushHouse, Network]
    ) -> None:
        house, _ = sitting
        _blog(candidate).token_until = house.clock.at
        request = candidate.request()
        await house.take(request)
        await house.work(300)
        assert await house.tally(request) == only(queued=2)
        _blog(candidate).token_until = None
        await self._arrives(candidate, house, request)
        assert candidate.said() == 1

    async def test_a_post_is_taken_back_once_a_token_is_good_again(
        self, candidate: Candidate, sitting: tuple[PushHouse, Network]
    ) -> None:
        house, _ = sitting
        request = candidate.request()
        await house.take(request)
        await house.work(5)
        _blog(candidate).token_until = house.clock.at
        await house.end(1, Withdrawal.SUPERSEDED)
        await house.work(120)
        assert (await house.get(request)).stage is Stage.STOP
        _blog(candidate).token_until = None
        await house.work(120)
        assert candidate.standing() == 0

    async def test_every_post_keeps_the_rules_and_leads_to_the_full_page(
        self, candidate: Candidate, sitting: tuple[PushHouse, Network]
    ) -> None:
        house, _ = sitting
        notice = a_notice()
        text = notice.text.model_copy(update={"short": "@市民 #雨# " + SHORT * 9})
        seen: list[str] = []
        share = weibo.Microblog.share

        def noting(blog: weibo.Microblog, fields: dict[str, str]) -> weibo.Post:
            seen.append(fields["status"])
            return share(blog, fields)

        _blog(candidate).share = noting.__get__(_blog(candidate))  # type: ignore[method-assign]
        await house.take(candidate.request(notice=notice.model_copy(update={"text": text})))
        await house.work(5)
        (said,) = seen
        assert said.endswith(f"… {PAGE}/{WARNING}")
        assert said.startswith("【暴雨橙色预警】＠市民 ＃雨＃ 綦江区气象台")
        assert weight(said) <= LONGEST


@pytest.mark.parametrize("most", range(12))
def test_what_is_cut_never_counts_for_more_than_it_may(most: int) -> None:
    for text in (
        "",
        "a",
        "雨",
        "暴雨abc红色",
        "abcdefghijklmnopqrstuvwxyz",
        "暴雨红色预警信号已经发布请注意",
    ):
        cut = fitted(text, most)
        assert weight(cut) <= most
        assert cut == text or weight(text) > most


def test_a_post_without_words_is_refused() -> None:
    with pytest.raises(Refused, match="empty"):
        words("暴雨", " \u200b ", PAGE)

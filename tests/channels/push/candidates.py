"""Who sits for the exam: one row for each adapter."""

from collections.abc import Mapping

from tests.channels.exam import Candidate
from tests.channels.push.test_exam_app import AppCandidate
from tests.channels.push.test_exam_broadcast import BroadcastCandidate
from tests.channels.push.test_exam_cable import CableCandidate
from tests.channels.push.test_exam_upper import UpperCandidate
from tests.channels.push.test_exam_voice import VoiceCandidate
from tests.channels.push.test_exam_web import WebCandidate
from tests.channels.push.test_exam_wechat import WechatCandidate
from tests.channels.push.test_exam_weibo import WeiboCandidate

CANDIDATES: Mapping[str, type[Candidate]] = {
    "broadcast": BroadcastCandidate,
    "cable": CableCandidate,
    "wechat": WechatCandidate,
    "app": AppCandidate,
    "voice": VoiceCandidate,
    "web": WebCandidate,
    "weibo": WeiboCandidate,
    "upper": UpperCandidate,
}

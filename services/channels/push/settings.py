"""Settings of the push houses: where the partners are, and what we are called there.

A partner without an address is not configured: its house runs, keeps what it is asked to say, and says so.
"""

from typing import ClassVar

from pydantic import Field, SecretStr

from services.channels.push.cable.order import Display
from services.kit.settings import Settings


class PushSettings(Settings):
    """The settings of all push houses."""

    service: ClassVar[str] = "channels"

    links_every_s: float = Field(180, ge=5, description="How often every road to a partner is tested")
    partner_timeout_s: float = Field(10, gt=0, le=25, description="How long one call to a partner may take")

    broadcast_url: str = Field(
        "", description="Where the broadcast platform takes packets; several addresses with spaces between"
    )
    broadcast_drill_url: str = Field(
        "", description="Where it takes those of drills; empty: the same address"
    )
    broadcast_ebrid: str = Field(
        "45001100000000103010101", description="Our resource number at the broadcast platform"
    )
    broadcast_platform: str = Field(
        "45001100000000303010201", description="The broadcast platform's own resource number"
    )
    broadcast_platform_key: str = Field(
        "", description="The platform's public SM2 key: 04 and two numbers, in hex"
    )
    broadcast_certificate: str = Field(
        "00000000000000000001", description="Serial number of the certificate that our signatures name"
    )
    broadcast_dialect: str = Field("2018", description="2018, 2023 or regional: what the platform speaks")
    broadcast_drill: int = Field(
        3, ge=3, le=5, description="How far a drill goes: 3 platform, 4 front ends, 5 loudspeakers"
    )

    broadcast_issuer: str = Field(
        "", description="Who issued that certificate, where the dialect names him in signatures"
    )
    broadcast_sender_code: str = Field(
        "", description="Our short code at the platform; empty: our resource number"
    )
    broadcast_audio: str = Field(
        "", description="Folder of recordings that are played beside the text: live/11B03.RED.mp3, ..."
    )
    broadcast_owner: str = Field(
        "綦江区突发事件预警信息发布平台", description="Our name, as the platform may ask for it"
    )

    cable_url: str = Field(
        "", description="Where the cable head-end takes orders; several addresses with spaces between"
    )
    cable_key: SecretStr = Field(SecretStr(""), description="Key that signs orders to the head-end")
    cable_protocol: str = Field(
        "order", description="order, or where the head-end takes EBD packets: 2018, 2023 or regional"
    )
    cable_platform: str = Field(
        "45001100000000303020201", description="The head-end's resource number, where it takes EBD packets"
    )
    cable_platform_key: str = Field(
        "",
        description="The head-end's public SM2 key, where it takes EBD packets: 04 and two numbers, in hex",
    )
    cable_red: Display = Field(
        Display.FULL, description="How red is shown when a named person approved it: FULL, SWITCH, ..."
    )
    cable_orange: Display = Field(
        Display.WINDOW, description="How orange is shown when a named person approved it"
    )
    cable_program: int = Field(
        1, ge=1, le=65535, description="The programme that screens are switched to by SWITCH"
    )
    cable_contact_s: int = Field(
        180, ge=30, le=3600, description="After how long without word of us a forced display ends by itself"
    )

    wechat_url: str = Field("", description="WeChat's address: https://api.weixin.qq.com")
    wechat_account: str = Field("wechat-main", description="What the registry calls our account")
    wechat_appid: str = Field("", description="The account's app id")
    wechat_secret: SecretStr = Field(SecretStr(""), description="The account's app secret")
    wechat_template: str = Field("", description="Id of the template that warnings are sent with")
    wechat_fields: str = Field(
        "thing1=title,time2=sent,thing3=area,thing4=todo",
        description="The template's fields, each with the part of the text that fills it",
    )
    wechat_callback_token: SecretStr = Field(
        SecretStr(""), description="Token by which WeChat signs the events that it posts to us"
    )
    wechat_event_s: float = Field(
        300, ge=1, description="How long WeChat may take to say whether messages came; then they have failed"
    )
    wechat_reserve: int = Field(
        20_000, ge=0, description="Of the day's messages, how many are kept for what is urgent"
    )
    wechat_drill_tag: int = Field(
        0, ge=0, description="Tag of the followers who take part in drills; 0: no mass messages of drills"
    )
    wechat_per_s: float = Field(50, gt=0, le=1000, description="Messages a second to WeChat, at most")

    app_url: str = Field("", description="Where the push vendor of the phone apps answers")
    app_key: str = Field("", description="Our key at the push vendor")
    app_secret: SecretStr = Field(SecretStr(""), description="Our master secret at the push vendor")

    weibo_url: str = Field("", description="Weibo's address: https://api.weibo.com")
    weibo_token: SecretStr = Field(SecretStr(""), description="Access token of our Weibo account")
    weibo_ip: str = Field("127.0.0.1", description="The address from which we post, as Weibo wants it")

    upper_url: str = Field(
        "",
        description="Folder shared with the 12379 platform above: ftp://user@host/folder or file:///folder",
    )
    upper_password: SecretStr = Field(SecretStr(""), description="Password of that folder's FTP server")
    upper_ack_s: float = Field(
        600, ge=10, description="How long its acknowledgement may take; then people are told"
    )

    voice_url: str = Field("", description="Where the calling platform takes orders of telephone calls")
    voice_key: SecretStr = Field(SecretStr(""), description="Our key at the calling platform")
    voice_rings: int = Field(3, ge=1, le=5, description="How often somebody is rung who does not answer")

    web_contact: str = Field(
        "",
        pattern=r"^([^@\s:]{1,64}@[^@\s:]{1,200})?$",
        description="Mail address by which push services reach us; empty: no Web Push",
    )
    web_services: str = Field(
        "", description="Further push services, as origins parted by commas: http://127.0.0.1:8700"
    )
    web_per_s: float = Field(200, gt=0, le=5000, description="Messages a second to browsers, at most")
    web_most_browsers: int = Field(200_000, ge=1, description="How many browsers may be subscribed, at most")

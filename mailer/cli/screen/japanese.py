"""Each error of the mailer in Japanese. An error's own message is English and has the details; this sentence follows it on the same line."""

from __future__ import annotations

import re

from mailer.approval.anchors import AnchorError
from mailer.approval.approval import NotApproved, SamePerson
from mailer.approval.approvers import NoApprover
from mailer.approval.confirmation import NothingToConfirm
from mailer.approval.names import NameRefused
from mailer.approval.repository import AuthorUnknown, NotCommitted
from mailer.approval.sent_notices import NoticeUnreadable
from mailer.approval.signature import SignatureError
from mailer.approval.two_people import OnePerson
from mailer.bounces.mime import UnreadableMessage
from mailer.bounces.taught import RulesUnreadable
from mailer.dmarc.attachment import ReportUnreadable
from mailer.inbound.spool import SpoolError
from mailer.model import errors
from mailer.model.audit_log import AuditBroken
from mailer.model.errors import TodokeMailError
from mailer.sending.limits_of_tests import TooManyTests

SENTENCES: dict[type[TodokeMailError], str] = {
    TodokeMailError: "処理を続けられません。",
    errors.ConfigError: "設定ファイルを直してください。",
    errors.SecretMissing: "秘密の値（鍵か合い言葉）がないか、短すぎます。",
    errors.NotPrivate: "ほかの利用者に読めるファイルです。上のコマンドで、持ち主だけが読めるようにしてください。",
    errors.BundleError: "号のファイルがそろっていないか、作成のあとで変わっています。サイトを作り直してください。",
    errors.AddressError: "メールアドレスか名前の書き方が正しくありません。",
    errors.MessageError: "このメールは送れる形になっていません。",
    errors.TokenError: "リンクを確かめられません。",
    errors.LinkOutdated: "このリンクは、もう使えません。",
    errors.PreferenceError: "送られた内容を読み取れません。",
    errors.IllegalTransition: "配信の状態をそのように変えることはできません。",
    errors.DatabaseError: "データベースを使えません。",
    errors.DatabaseUnavailable: "データベースがいま使えません。しばらくしてから、もう一度実行してください。",
    errors.ImpossibleValue: "データベースに、ありえない値があります。手で書き換えた行を直すか、控えから戻してください。",
    errors.DatabaseMissing: "データベースがありません。場所を確かめてください。初めてのときは todoke init-db で作ります。",
    errors.DatabaseReplaced: "データベースのファイルが途中で消されたか、置きかえられました。送信の控えは残っています。",
    errors.LedgerRestored: "データベースが前に送ったときのものではないため、送りません。todoke adopt-restored --dry-run を実行してください。",
    errors.RightMissing: "この拠点には送る権利がありません。ここから送るときは todoke take-over で引き継いでください。",
    errors.RightUnknown: "送ってよいかを、権利の保管先に確かめられません。しばらくしてから、もう一度実行してください。",
    errors.ClockDoubted: "この機械の時計が進んでいるかもしれません。正しければ --clock-is-right を付けてください。何も消していません。",
    errors.CsvError: "CSVを読み取れません。",
    errors.SubscriberUnknown: "その購読者はいません。",
    errors.SubscriberBusy: "その人あてのメールを送信中です。しばらくしてから、もう一度実行してください。",
    errors.IssueUnknown: "その号は、まだ送られても予約されてもいません。",
    errors.NobodySubscribed: "購読者がいません。先に登録してください。",
    errors.IssueExpired: "期限を過ぎているので送りません。",
    errors.SenderBusy: "ほかの send か work が送信中です。終わるまでお待ちください。",
    errors.RelayError: "中継サーバーで問題が起きました。",
    errors.RelayUnavailable: "中継サーバーにつながりません。しばらくしてから、もう一度 send を実行してください。",
    errors.RelayRefused: "中継サーバーに断られました。設定を直してから、もう一度実行してください。",
    errors.JournalError: "送信の控えを書けません。空き容量を確かめてください。",
    errors.ServiceError: "窓口を開けません。--host と --port を確かめてください。",
    errors.IssueStopped: "この号は、いまは送れません。",
    errors.DeliveryRefused: "このアドレスには、運用する人が理由を書いて解くまで、何も送れません。",
    NoticeUnreadable: "知らせを出した人の控えが読めません。ファイルを確かめてください。",
    OnePerson: "二人の名前が同じ人のものか、区別できません。",
    RulesUnreadable: "教えた規則のファイルが壊れています。直すか、消してください。",
    SpoolError: "その知らせはないか、ファイルが壊れています。todoke inbound list で確かめてください。",
    errors.ListenError: "受け口を開けません。場所と権利を確かめてください。",
    NotApproved: "承認が必要です。",
    errors.DkimError: "電子署名（DKIM）の鍵が使えません。署名なしでは送りません。",
    errors.NotAuthenticated: "差出人のドメインを認証できないため、送りません。todoke doctor で足りないものが分かります。",
    errors.DnsUnavailable: "DNSが答えません。しばらくしてから、もう一度実行してください。",
    UnreadableMessage: "メールとして読めません。",
    ReportUnreadable: "DMARCの報告として読めません。",
    SamePerson: "書いた人は承認できません。",
    AuthorUnknown: "だれが書いたか分かりません。",
    NotCommitted: "原稿がまだコミットされていません。git add と git commit をして、もう一度 todoke build をしてから承認してください。",
    errors.ContentChanged: "確定した内容とちがうので送りません。記録（todoke audit）を確かめてください。",
    NameRefused: "その名前は使えません。ふつうの文字で、氏名だけを書いてください。",
    NoApprover: "その人はこの配信先を承認できません。",
    SignatureError: "署名を確かめられません。",
    TooManyTests: "テストの宛先が多すぎます。",
    AnchorError: "監査記録の控えを使えません。",
    NothingToConfirm: "することはありません。",
    AuditBroken: "記録が書き換えられているか、欠けています。",
}
SENTENCE_ENDS = (".", "?", "!", ")", ";")
JAPANESE = re.compile(r"[ぁ-んァ-ヶ]")


def in_both_languages(error: TodokeMailError) -> str:
    """Return the error's message, and the sentence of its class or of the nearest one above it if the message has no Japanese of its own."""
    message = str(error).strip()
    if JAPANESE.search(message):
        return message
    japanese = next(SENTENCES[each] for each in type(error).__mro__ if each in SENTENCES)
    return f"{message if message.endswith(SENTENCE_ENDS) else message + '.'} {japanese}"

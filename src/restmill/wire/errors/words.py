"""The words of errors in disguise: keys and values by which APIs say in a body how it went.

Keys are compared in small letters, without anything between them: `resultCode` and `result-code` are one. A
word that is missing here is a sign that is not seen.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from restmill.path import Json


def word_set(text: str) -> frozenset[str]:
    """The words of a text, as they are."""
    return frozenset(text.split())


ERROR = re.compile(
    r"(?:(?:is|has|api)?(?:error|err|fault|exception|failure)(?:s|no|number|num)?"
    r"(?:code|codes|msg|msgs|message|messages|string|text|description|desc|details?|type|reason|info|id|name|"
    r"title|key|status|list|class|response)?)"
)
"""Keys whose value is an error, if it is anything."""
ERROR_WITH_ROWS = re.compile("(?:is|has|api)?(?:error|err)")
"""Beside rows only these: a list of failures or of exceptions may be data as well."""
GOOD = word_set(
    """
    isok issuccess issuccessful ok succeed succeeded success successful
    """
)
"""Flags that should be true."""
BAD = word_set(
    """
    degraded errorcount errored errorscount incompleteresults ispartial numerrors partial
    partialresponse partialresults terminatedearly timedout totalerrors
    """
)
"""Flags and counts that should be false or 0."""
BAD_FLAGS = word_set(
    """
    aborted incomplete incompletesearch interrupted isaborted isdegraded isincomplete overloaded queryaborted
    ratelimited requestfailed resultsincomplete searchfailed throttled unavailable
    """
)
"""Flags that should be false; their numbers may count anything."""
WORD = word_set(
    """
    ack apistatus outcome requeststatus response responsestatus result resultstatus resulttype stat
    state status statusmessage statustext
    """
)
"""Keys whose value is a word for how it went."""
CODE = word_set(
    """
    bizcode cod code httpcode httpstatus httpstatuscode rc respcode responsecode resultcode ret retcode
    returncode returnvalue status statuscode subcode
    """
)
"""Keys whose value is a number or name for how it went."""
TEXT = word_set(
    """
    cause description detail details info information message messages msg note notice reason
    resultmessage resultmsg retmsg statusmessage statustext title
    """
)
"""Keys whose value is a text for people."""
WAIT = word_set(
    """
    backoff retryafter retryafterms retryafterseconds retrydelay retryin
    """
)
"""Keys that say when to ask again."""
ENVELOPES = word_set(
    """
    api body content context d data entries envelope error head header headers info meta metadata outcome
    response responsecontext responseheader responseinfo responsemeta responsemetadata responsestate
    responsestatus result resultinfo results items records payload shards state status
    """
)
"""Objects that speak of the answer, not of a thing."""
ENTITY = word_set(
    """
    created createdat guid id name slug updatedat uuid
    """
)
"""Keys of a thing that has the list as its part: its `status` is its own."""
ABOUT = word_set(
    """
    correlationid data date debugid docs documentationurl global extensions field help hint href id instance
    jsonrpc level link links logid method moreinfo name param path requestid severity support time
    timestamp traceid type url version
    """
)
"""What stands beside an error and nothing else."""
QUIET = word_set(
    """
    0 00 000 0000 00000 200 false n na nil no noerror noerrors none null ok okay succeeded success
    successful undefined
    """
)
"""Values of an error key that say there is none."""
FAILED = word_set(
    """
    aborted bad broken busy cannot complexity could crashed degraded denied down err error errors
    exceeded exception exhausted expired fail failed failure fault forbidden internal invalid ko later
    limit limited maintenance many nok over overloaded quota refused rejected retry throttled throttling
    timedout timeout unable unauthenticated unauthorized unavailable unhealthy wrong
    """
)
"""Words in a status, a code or a text that say that something failed."""
SURELY = FAILED - word_set("bad cannot could down later limit many over unable wrong")
"""Those of them that are not said of anything else."""
ALARMS = SURELY | word_set(
    """
    alert cancelled canceled disconnected incomplete interrupted offline partial shutdown skipped stale
    timed truncated unreachable unresponsive warn warning warnings
    """
)
"""Words that make a key, or a text beside an empty list, one of a failure."""
HONEST = word_set(
    """
    0 active all any closed complete completed done empty end ended eof final finish finished found idle
    last no none normal nothing ok okay pass passed ready succeeded success successful successfully t
    true y yes zero
    """
)
"""Words that an API says of a list that is over, or of an answer that went well."""
END_WORDS = word_set(
    """
    a actually again also an and are available back been beyond by current currently data entries entry
    fetched for further has have here in is it item items list loaded match matched matches matching more of
    on page pages query reached record records request response result results retrieved returned row rows
    search set show shown that the there these this to total was were with you your
    """
)
"""What else there is in a sentence that says so."""
BUSY_WORDS = word_set(
    """
    busy complexity exceeded exhausted internal later limited maintenance many overloaded quota rate
    retry throttled throttling timedout timeout unavailable
    """
)
"""Words that say that the server could not answer now."""


_OF_PAGING = re.compile(
    "prev|first|last|empty|content|more|next|end|done|complete|final|left|remain|trunc|partial|cache"
)


def is_flag(name: str, value: Json) -> bool:
    """Whether this is a flag in any language, and none of the paging, which flips at an honest end."""
    return isinstance(value, bool) and not _OF_PAGING.search(name)


def is_word(name: str, value: Json) -> bool:
    """Whether this is a word under a name that nobody knows: no text, date, token or link."""
    if not isinstance(value, str) or name in WORD or name in CODE or name in TEXT or name in GOOD:
        return False
    return (
        0 < len(value) <= _LONGEST_WORD
        and _WORDS.fullmatch(value) is not None
        and not _OF_PAGING.search(name)
        and not _TOKENS.search(name)
    )


_TOKENS = re.compile("id$|etag|hash|token|cursor|node|server|served|host|instance|region")
_LONGEST_WORD = 30
_WORDS = re.compile(r"[^\W\d]+(?:[ _.-][^\W\d]+)?")

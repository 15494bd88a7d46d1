"""What the codes of acknowledgments mean: 997 and 999 (segments, elements, sets, groups) and TA1 (interchanges).

The codes that this product produces are those of structure, elements and envelopes. It reads the others and says what
they mean: those of security (no interchange of ours is enciphered or signed inside X12), those of an implementation
guide that a partner holds us to (the 999's, which begin with I), and those of delivery, which only a network knows.
"""

from __future__ import annotations

ACCEPTED_CODES = frozenset({"A", "E"})
SET_CODES = frozenset({"A", "E", "M", "R", "W", "X"})
GROUP_CODES = SET_CODES | {"P"}
REJECTING_CODES = SET_CODES - ACCEPTED_CODES

OF_PEOPLE = frozenset({"", "G61", "MSG", "MTX", "N1", "N2", "N3", "N4", "NM1", "NTE", "PER"})
"""Segments that say who and where, or hold words; "" is none that is named. An acknowledgment answers documents of many people
and is kept when one of them is to be forgotten: ours quote nothing of these (AK404 is optional), and what a partner's
quotes is left in its bytes."""

CODE_MEANINGS = {
    "A": "accepted",
    "E": "accepted, with errors noted",
    "P": "partially accepted",
    "R": "rejected",
    "M": "rejected: message authentication failed",
    "W": "rejected: assurance failed",
    "X": "rejected: could not be decrypted",
}

# AK304 (element 720)
SEGMENT_MEANINGS = {
    "1": "unknown segment",
    "2": "segment not expected there",
    "3": "mandatory segment missing",
    "4": "loop repeated too often",
    "5": "segment repeated too often",
    "6": "segment not part of this set",
    "7": "segment out of order",
    "8": "segment has element errors",
}
# IK304 (element 620): the same, and what only an implementation guide can ask for.
IMPLEMENTATION_SEGMENT_MEANINGS = SEGMENT_MEANINGS | {
    "I4": "segment that the implementation guide does not use",
    "I6": "segment missing that the implementation guide asks for in this case",
    "I7": "loop repeated less often than the implementation guide asks for",
    "I8": "segment repeated less often than the implementation guide asks for",
    "I9": "segment that the implementation guide does not use in this case",
}

# AK403 (element 723); 12 and 13 from 005010 on.
ELEMENT_MEANINGS = {
    "1": "mandatory element missing",
    "2": "conditional element missing",
    "3": "too many elements",
    "4": "too short",
    "5": "too long",
    "6": "invalid character",
    "7": "invalid code",
    "8": "invalid date",
    "9": "invalid time",
    "10": "stands together with an element that excludes it",
    "12": "repeated too often",
    "13": "too many components",
}
# IK403 (element 621)
IMPLEMENTATION_ELEMENT_MEANINGS = ELEMENT_MEANINGS | {
    "I6": "code that the implementation guide does not use",
    "I9": "element missing that the implementation guide asks for in this case",
    "I10": "element that the implementation guide does not use",
    "I11": "repeated less often than the implementation guide asks for",
    "I12": "not of the form that the implementation guide asks for",
    "I13": "element that the implementation guide does not use in this case",
}

# AK502 (element 718). 8 to 17, 20 to 22 and 24 to 27 are of security inside X12, which we do not use.
SET_MEANINGS = {
    "1": "transaction set not supported",
    "2": "transaction set trailer missing",
    "3": "control numbers of ST and SE differ",
    "4": "segment count wrong",
    "5": "one or more segments in error",
    "6": "transaction set code missing or invalid",
    "7": "control number missing or invalid",
    "8": "security: name of the authentication key unknown",
    "9": "security: name of the encryption key unknown",
    "10": "security: authentication or encryption not available there",
    "11": "security: recipient unknown",
    "12": "security: length of the enciphered message wrong",
    "13": "security: message authentication failed",
    "15": "security: originator unknown",
    "16": "security: error in the deciphered text",
    "17": "security not supported",
    "18": "transaction set does not belong in this functional group",
    "19": "implementation convention reference invalid (before 005010: a security segment is missing)",
    "20": "security: start of the first assurance missing",
    "21": "security: end of the second security level missing",
    "22": "security: start of the second security level missing",
    "23": "control number not unique in the group",
    "24": "security: end segment S3E missing",
    "25": "security: start segment S3S missing",
    "26": "security: end segment S4E missing",
    "27": "security: start segment S4S missing",
}
# IK502 (element 618)
IMPLEMENTATION_SET_MEANINGS = SET_MEANINGS | {
    "I5": "one or more segments do not hold to the implementation guide",
    "I6": "implementation guide not supported",
}

# AK905 (element 716). 10 to 18 and 20 to 26 are of security inside X12, which we do not use.
GROUP_MEANINGS = {
    "1": "functional group not supported",
    "2": "version not supported",
    "3": "group trailer missing",
    "4": "control numbers of GS and GE differ",
    "5": "number of transaction sets wrong",
    "6": "group control number invalid",
    "10": "security: name of the authentication key unknown",
    "11": "security: name of the encryption key unknown",
    "12": "security: authentication or encryption not available there",
    "13": "security: recipient unknown",
    "14": "security: originator unknown",
    "15": "security: error in the deciphered text",
    "16": "security not supported",
    "17": "security: length of the enciphered message wrong",
    "18": "security: message authentication failed",
    "19": "group control number not unique in the interchange",
    "20": "security: start of the first security level missing",
    "21": "security: end of the second security level missing",
    "22": "security: start of the second security level missing",
    "23": "security: end segment S3E missing",
    "24": "security: start segment S3S missing",
    "25": "security: end segment S4E missing",
    "26": "security: start segment S4S missing",
}

INTERCHANGE_CODES = frozenset({"A", "E", "R"})

# TA105 (element I18). Not produced here: 002 and 016 (one standard only is known), 010 to 013 (ISA01 to ISA04 carry
# nothing that we ask for), and those from 028 on, which a network says of its own deliveries.
NOTE_MEANINGS = {
    "000": "no error",
    "001": "the control numbers of ISA and IEA differ",
    "002": "the standard named in ISA11 is not supported",
    "003": "the version of the envelope (ISA12) is not supported",
    "004": "the segment terminator is not legal",
    "005": "the qualifier of the sender ID (ISA05) is wrong",
    "006": "the sender ID (ISA06) is wrong",
    "007": "the qualifier of the receiver ID (ISA07) is wrong",
    "008": "the receiver ID (ISA08) is wrong",
    "009": "the receiver is not known here",
    "010": "the qualifier of the authorization (ISA01) is wrong",
    "011": "the authorization (ISA02) is wrong",
    "012": "the qualifier of the password (ISA03) is wrong",
    "013": "the password (ISA04) is wrong",
    "014": "the date (ISA09) is none",
    "015": "the time (ISA10) is none",
    "016": "the standard named in ISA11 is none",
    "017": "the version of the envelope (ISA12) is none",
    "018": "the control number (ISA13) is none",
    "019": "ISA14, whether an acknowledgment is asked for, is neither 0 nor 1",
    "020": "ISA15, whether this is a test, is wrong",
    "021": "the number of groups is wrong",
    "022": "the structure of the envelope is wrong",
    "023": "the file ends too early",
    "024": "a functional group is wrong",
    "025": "the control number was used before",
    "026": "the element separator is not legal",
    "027": "the component separator is not legal",
    "028": "the delivery date of a deferred delivery is wrong",
    "029": "the delivery time of a deferred delivery is wrong",
    "030": "the delivery time code of a deferred delivery is wrong",
    "031": "the grade of service is wrong",
}

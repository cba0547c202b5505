"""Recognises what does harm in the wrong ears, so that it is kept more strictly.

English word lists and number checks that can only raise a sensitivity, never lower one. They
miss what is said without a telling word, so they come on top of what the owner asks for, never
instead of it. A text is judged as it stands: nothing is looked up and nothing is kept. Pure.
"""

import re
import unicodedata
from enum import StrEnum
from functools import cache
from typing import Final

from context.labels import Sensitivity


class Kind(StrEnum):
    """Why a text is sensitive."""

    HEALTH = "health"
    MONEY = "money"  # income, debts, savings, accounts
    SECRET = "secret"  # what opens something: PINs, passwords, door codes, recovery words
    IDENTITY = "identity"  # numbers that stand for a person, and those of payment cards
    INTIMATE = "intimate"  # sexuality, religion, politics, trade union, origin, criminal record


def kinds(text: str) -> frozenset[Kind]:
    """Why `text` is sensitive; empty when nothing in it tells. Any text, of any length."""
    plain = _plain(text)
    found = {kind for kind in Kind if _pattern(kind).search(plain)}
    if _has_card(plain) or _has_iban(plain):
        found.add(Kind.IDENTITY)
    return frozenset(found)


def raised(sensitivity: Sensitivity, text: str) -> Sensitivity:
    """`sensitivity`, or RESTRICTED if something in `text` is sensitive; never a lower one."""
    return Sensitivity.RESTRICTED if kinds(text) else sensitivity


def luhn(digits: str) -> bool:
    """True if the last of these decimal digits checks the others, as on a payment card."""
    doubled = (int(digit) * 2 for digit in digits[-2::-2])
    return (sum(map(int, digits[::-2])) + sum(d // 10 + d % 10 for d in doubled)) % 10 == 0


def mod_97(iban: str) -> bool:
    """True if the check digits of an IBAN (letters and digits, no spaces) are right."""
    return int("".join(str(int(c, 36)) for c in iban[4:] + iban[:4])) % 97 == 1


# Words after which a word for a person does not mean a thing: "is gay", "I'm a practising Muslim".
_IS: Final = (
    r"(?:am|is|are|was|were|be|been|being|became|become|raised|born|feels?|felt|out as"
    r"|\w+'(?:m|s|re))(?: (?:an?|not|still|now|very|so|really|also|both|all|severely|clinically"
    r"|openly|secretly|practi[sc]ing|devout|strict|lifelong|recovering))*"
)
_TENS: Final = (
    r"(?:ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen"
    r"|(?:twen|thir|for|fif|six|seven|eigh|nine)ty)"
)
_AMOUNT: Final = rf"(?:[$£€]? ?\d[\d.,]*|(?:\w+ )?(?:{_TENS}|hundred|thousand|million))"
_CODE: Final = rf"(?:\d[\d -]*\d|[a-z]+\d\w*|\d\w+|{_TENS})"

# One set of alternatives a line; each must stand between the boundaries of words.
_HEALTH: Final = rf"""
(?:pre-?)?diabet\w+|asthma\w*|cancer|tumou?rs?|leuka?emia|lymphoma|melanoma|epilep\w+|seizures?
hiv|(?:has|have|had|got|with) aids|herpes|chlamydia|gonorrh\w+|syphilis|covid|pneumonia|\w{{3,}}itis
depression|anxiety|bipolar|schizo\w+|adhd|autis\w+|ptsd|ocd|insomnia|dementia|alzheimer\w*
parkinson'?s|multiple sclerosis|migraines?|psoriasis|eczema|endometriosis|ana?emi[ac]|dyslexi\w+
thyroid|osteoporosis|fibromyalgia|crohn'?s|co?eliac|lupus|sciatica|aneurysm|concussion|tinnitus
kidney (?:stones?|disease|failure)|slipped disc|hypertension|benign|malignant|in a coma|a fever
heart (?:attack|disease|condition|failure|murmur)|pacemaker|hearing aids?|chronic (?:pain|illness)
(?:had|having|has|after|suffered|survived) (?:a|his|her|the) (?:mini.)?stroke(?! of\b)
allerg(?:y|ies|ic)|anaphyla\w+|epipens?|(?:gluten|lactose).intoleran\w+|panic attacks?
(?:broke|fractured|sprained|tore) (?:my|his|her) (?:leg|arm|hip|wrist|ankle|rib|knee)
eating disorders?|anorexi[ac]|bulimi[ac]|self.harm\w*|suicid\w+|burn-?out|disabilit(?:y|ies)
(?:mental|nervous) (?:health|illness|breakdown)|{_IS} (?:depressed|disabled|alcoholics?)
(?:cognitive|visual(?:ly)?|hearing).impair\w+|addict(?:s|ed|ions?)?|overdos\w+|heroin|relaps\w+
(?:drug|substance|alcohol) (?:use|abuse|problem|misuse)|alcoholism|rehab\w*|sober (?:since|for)
(?:quit|stopped|gave up) (?:drinking|smoking)|(?:days?|weeks?|months?|years?) sober
pregnan\w+|(?:expecting|trying for) a (?:baby|child)|miscarr\w+|stillb\w+|abortion|ivf
infertil\w+|fertility|menopaus\w+|contracepti\w+|birth control|on the pill|\w+ectomy
(?:missed a|late) period|(?:my|her) periods?(?= (?:is|was|has|start\w+|came|began|every)|$|[.,])
blood (?:pressure|sugar|glucose|type|tests?|count|group|thinners?)|cholesterol|bmi|bloodwork
(?:i|he|she) weighs? (?:about |only )?{_AMOUNT}|my weight|biops(?:y|ies)|mri|ct scans?|ultrasound
x.?rays?|colonoscopy|mammogram|smear test|tested positive|test results|diagnos(?:ed|is|es)
chemo|symptoms?|dialysis|insulin|inhaler|medications?|my meds|prescri(?:be|bed|ptions?)
dosage|cocaine|beta.blockers?|antidepressants?|antibiotics?|painkillers?|opioids?|steroids|methadone
\d+ ?(?:mg|mcg|milligrams?)|(?:my|his|her|sleeping) pills?
(?:takes?|taking|took) (?:\w+ ){{0,2}}(?:pills?|tablets|aspirin)
\w+(?:sartan|statin|prazole|oxetine|azepam|zolam|cillin|formin|triptyline|mycin|xaban|nopril)
\w+olol|sertraline|citalopram|lithium|prozac|viagra|levothyroxine|warfarin|ritalin|ozempic|xanax
(?<!doctor's )(?<!vet's )(?<!dental )(?<!tree )surgery|surgeon|hospice|intensive care|midwife
(?<!retail )(?:\w+)?therap(?:y|ies|ists?)|counsell?ing|(?:a|the) patient (?:at|of)
(?:admitted|rushed|taken|discharged) (?:to|from) (?:the )?hospital|hospitali[sz]ed
(?:is|was|were|been|\w+'[ms]) (?:back )?in (?:the )?hospital|my psychologist
(?:psychiatr|oncolog|cardiolog|gyna?ecolog|urolog|neurolog)\w+
"""
_MONEY: Final = rf"""
salar(?:y|ies)|(?:my|his|her|our|annual|monthly|net|gross) (?:income(?! tax)|wages?|debts?)
(?:earns?|earned) (?:about |around )?{_AMOUNT}.{{0,24}} (?:an?|per) (?:year|month|week|hour)
(?:earns?|makes?) (?:about |around )?(?:[$£€] ?\d[\d.,]*|\d+k|\d+,?000|{_TENS} (?:k|grand|thousand))
(?:i'm|we're|flat|dead) broke|laid off|maxed out
(?:raise|bonus|pension|alimony|inheritance|severance) (?:is|of|to|was) (?:\w+ )?{_AMOUNT}
(?:in|into|out of|card|student|gambling) debt|debt collectors?|bankrupt\w*|insolven\w+|alimony
(?:owe|owes|owed) (?:\w+ ){{0,4}}(?:bank|hundred|thousand|grand|tax|taxes|[$£€]?\d{{3,}})
mortgage|overdraft|overdrawn|(?:money|financial) (?:troubles?|problems?|worries|hardships?)
late payments|foreclos\w+|repossess\w+|(?:payday|student|bank|personal) loan|food stamps
credit (?:scores?|ratings?|limit)|net worth|(?:in|my|our|his|her|life) savings|savings account
(?:bank|account|my) balance|bank account|account (?:number|no|#)|sort code|routing number
unemployment benefits?|on welfare|child support|trust fund|tax return|stock options
my (?:shares|portfolio|pension|paycheck|payslip)|paid off (?:my|our|his|her) (?:loan|debts?)
(?:saved|invested|gambled|lost|inherited) (?:\w+ ){{0,2}}(?:[$£€] ?\d[\d,.]{{2,}}|\d{{1,3}},?000)
"""
_SECRET: Final = rf"""
passwords?|pass-?codes?|pass-?phrases?|puk|2fa|otp|security (?:question|answer)|unlock pattern
pin (?:code|number)|(?:my|our|his|her|card|phone|sim|bank) pin is|pin:? {_CODE}
pin (?:\w+ ){{0,4}}is:? {_CODE}|wi.?fi key|(?:lock|safe|key ?box) (?:is|opens with) \d[\d -]+\d
(?:door|gate|entry|entrance|alarm|security|access|lock|safe|vault|garage|keypad)(?:'s)? codes?
(?:backup|recovery|verification|login|one.time|key ?box|lock ?box|building|house|locker) codes?
(?:lock|safe|vault|padlock|locker)(?:'s)? combination
combination (?:of|to|for|on) (?:\w+ ){{1,3}}(?:safe|lock|locker|vault|padlock|suitcase|box)
code (?:to|for|of) (?:\w+ ){{0,3}}(?:door|gate|alarm|safe|garage|lock|locker|(?:key|lock) ?box)
code (?:to|for|of) (?:\w+ ){{0,3}}(?:house|building|office|flat|apartment|phone|card|get in|enter)
(?<!area )(?<!zip )(?<!country )(?<!error )(?<!discount )(?<!promo )code is:? \d[\d -]+\d
(?:recovery|seed|backup) (?:words?|phrase|keys?)|(?:api|private|encryption|secret) keys?
"""
_IDENTITY: Final = rf"""
(?:passport|social security|national insurance|id|id card|identity|identity card|visa) (?:number|no)
(?:licen[cs]e|tax|tax id|insurance|policy|credit card|debit card|card|medicare|nhs) (?:number|no)
passport (?:\w+ )?(?=[a-z]*\d[a-z0-9]*\d){_CODE}|ssn|social security is|iban|cvv|cvc|tax id
policy #\w+|(?!000|666|9)\d{{3}}-(?!00)\d\d-(?!0000)\d{{4}}
"""
_INTIMATE: Final = rf"""
{_IS} (?:gay|lesbians?|bi|bisexual|queer|asexual|homosexual|transgender|trans|non.?binary)
sexuality|sexual\w*|lgbt\w*|gender (?:identity|dysphoria)|in the closet|(?:sex|intimate) life
(?:came|come|coming) out (?:as|to (?:me|us|him|them|my|his|her|their))|porn\w*|one.night stand
unfaithful|infidelity|(?:have|has|had|having) (?:an affair|sex)|sex with|seeing someone else
cheat(?:s|ed|ing) on (?:me|him|her|us|my|his|their)
i (?:think i )?(?:like|prefer) (?:men|women)(?!')
(?:slept|sleeps|sleeping) with (?:him|her|someone|(?:my|his) (?:ex|boss|wife|husband))
{_IS} (?:muslims?|catholics?|protestants?|christians?|hindus?|buddhists?|sikhs?|mormons?|quakers?)
{_IS} (?:jews?|jewish(?! (?:museum|quarter)))|{_IS} (?:atheists?|agnostic|evangelical|religious)
(?:practi[sc]ing|devout) (?:muslim|catholic|jew|christian|hindu|buddhist)|{_IS} bapti[sz]ed
convert(?:s|ed|ing)? to (?:\w+ism|islam|christianity)|i pray|believ(?:es?|ing) in (?:god|allah)
(?:my|his|her|their|lost) (?:faith|religion|rabbi|imam|priest|pastor)
vot(?:es?|ed|ing) (?:for )?(?:the )?(?:labour|tory|tories|greens?|democrats?|republicans?|\w+ party)
vot(?:es?|ed|ing) (?:for|against) [^.?!]{{1,40}} election|political (?:views?|party|beliefs?)
{_IS} (?:republicans?|democrats?|socialists?|communists?|anarchists?|libertarians?|fascists?)
{_IS} (?:tory|conservatives?(?! (?:estimate|guess)))|(?:trade|labou?r) unions?
(?:members?|supporters?) of (?:the |a )?(?:\w+ ){{0,2}}(?:party|union)
union (?:member|rep|dues|membership)|join(?:ed|ing)? (?:the|a) (?:\w+ party|union)
ethnic(?:ity| origin)|racial(?:ly)?|asylum|undocumented|deport(?:ed|ation)|immigration status
criminal (?:record|conviction|charges?)|convict(?:ed|ion)|arrested(?! development)|accused of
(?:on|broke) (?:probation|parole)|(?:in|to|from|out of) (?:prison|jail)|felon\w*|shoplift\w+
charged with (?:\w+ )?(?:theft|assault|fraud|murder|possession|driving|robbery|burglary|rape)
restraining order|dui|plead(?:ed)? guilty|court (?:hearing|date)|suspended sentence|raped
(?:was|were|been|got) (?:abused|assaulted|molested|stalked)
"""
_LISTS: Final = {
    Kind.HEALTH: _HEALTH,
    Kind.MONEY: _MONEY,
    Kind.SECRET: _SECRET,
    Kind.IDENTITY: _IDENTITY,
    Kind.INTIMATE: _INTIMATE,
}

_DIGIT_WORDS: Final = {
    word: str(number % 10)
    for number, word in enumerate(
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "oh"]
    )
}
_REPEATS: Final = {"double": 2, "triple": 3}
_ONE_DIGIT: Final = rf"(?:(?:{'|'.join(_REPEATS)}) )?(?:{'|'.join(_DIGIT_WORDS)})"
_SPOKEN: Final = re.compile(rf"\b(?:{_ONE_DIGIT}[ ,-]{{1,2}}){{2,}}{_ONE_DIGIT}\b")
_INVISIBLE: Final = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")

# In fours or as on American Express, else a run of digits that is no part of a longer one.
_CARD: Final = re.compile(
    r"(?<!\w)(?:\d{4}([ -])\d{4}\1\d{4}\1\d{4}|\d{4}([ -])\d{6}\2\d{5}|\d{13,19}"
    r"|(?<!\d[ -])\d(?:[ -]\d){12,18}(?![ -]\d))(?!\w)"
)
_CARD_START: Final = re.compile(r"[3-6]|2[2-7]")
_IBAN_START: Final = re.compile(r"\b([a-z]{2})\d{2}(?=[ -]?[a-z0-9])")
_IBAN_LENGTHS: Final = {
    country: length
    for length, countries in {
        15: "no",
        16: "be",
        18: "dk fi fo gl nl sd",
        19: "mk si",
        20: "at ba ee kz lt lu xk",
        21: "ch hr li lv",
        22: "bg bh cr de gb ge ie me rs va",
        23: "ae gi il iq tl",
        24: "ad cz es md pk ro sa se sk tn vg",
        25: "ly pt st",
        26: "is tr",
        27: "bi dj fr gr it mc mr sm",
        28: "al az by cy do gt hu lb pl sv",
        29: "br eg ps qa ua",
        30: "jo kw mu",
        31: "mt sc",
        32: "lc",
    }.items()
    for country in countries.split()
}


@cache
def _pattern(kind: Kind) -> re.Pattern[str]:
    words = "|".join(_LISTS[kind].strip().splitlines())
    return re.compile(rf"(?<!\w)(?:{words})(?!\w)")


def _plain(text: str) -> str:
    """`text` in lower case, with plain apostrophes, single spaces, and spoken digits as digits."""
    plain = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text)).casefold().replace("’", "'")
    return _SPOKEN.sub(_as_digits, " ".join(plain.split()))


def _as_digits(spoken: re.Match[str]) -> str:
    digits, times = "", 1
    for word in re.findall(r"[a-z]+", spoken[0]):
        digits += _DIGIT_WORDS.get(word, "") * times
        times = _REPEATS.get(word, 1)
    return digits


def _has_card(plain: str) -> bool:
    numbers = (re.sub(r"\D", "", match[0]) for match in _CARD.finditer(plain))
    return any(_CARD_START.match(number) and luhn(number) for number in numbers)


def _has_iban(plain: str) -> bool:
    for start in _IBAN_START.finditer(plain):
        length = _IBAN_LENGTHS.get(start[1], 0)
        run = re.sub(r"[ -]", "", plain[start.start() : start.start() + 2 * length])[:length]
        if length and len(run) == length and run.isascii() and run.isalnum() and mod_97(run):
            return True
    return False

"""Files as programs write them; the people in them are made up."""

NOTE = """\
---
tags: [house]
---
# House

The boiler is serviced by Brightwell Heating every October.

## Wi-Fi

Network: Kestrel
Password: three-otters-dancing

## Shopping

For the weekend we need:

- flour
- yeast
- [x] salt

## Moving in

1. Read the gas and electricity meters before the keys are handed over, and take a photograph.
2. Ask Mr Okafor at number 12 for the spare key of the bicycle shed, which sticks a little.

| Who | Phone |
| --- | --- |
| Plumber | 020 7946 0111 |
| Electrician | 020 7946 0222 |
"""

TEXT = """\
Packing for Skye

waterproof jacket
head torch
midge spray

The ferry from Mallaig takes half an hour and has to be booked well ahead in August, since it is
small and everyone wants it.
"""

CARDS = """\
BEGIN:VCARD
VERSION:3.0
PRODID:-//Example Corp.//Contacts//EN
N:Smith;Anna;;;
FN:Anna Smith
TEL;type=CELL;type=VOICE;type=pref:+44 20 7946 0000
EMAIL;type=INTERNET;type=HOME:anna@example.org
BDAY:1990-05-04
UID:8d1f0d0e-0001
REV:2025-11-02T10:00:00Z
END:VCARD
BEGIN:VCARD
VERSION:3.0
N:Okafor;Chidi;;Dr.;
FN:Dr. Chidi Okafor
NICKNAME:Chi
ORG:Riverside Surgery;Dental
TITLE:Dentist
item1.ADR;type=WORK:;;5 High Street;Fernbridge;;FB1 2CD;United Kingdom
item1.X-ABADR:gb
item2.X-ABRELATEDNAMES;type=pref:Ada Okafor
item2.X-ABLabel:_$!<Spouse>!$_
item3.TEL:020 7946 0333
item3.X-ABLabel:Reception
NOTE:Parks in the yard\\, behind the surgery.\\nClosed on Fridays
PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQN
 DAsLDBkSEw8UHRofHh0aHBwgJC4nICIsIxwcKDcpLDAxNDQ0Hyc5PTgyPC4zNDL/2wBDAQkJCQwLDBgNDRgy
UID:8d1f0d0e-0002
END:VCARD
BEGIN:VCARD
VERSION:2.1
N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=C3=BCrgen;;;
TEL;CELL;VOICE:+49 30 5550100
TEL;WORK;FAX:+49 30 5550101
ADR;HOME;ENCODING=QUOTED-PRINTABLE;CHARSET=ISO-8859-1:;;Hauptstra=DFe 1;=
Berlin;;10115;Deutschland
PHOTO;ENCODING=BASE64;JPEG:
/9j/4AAQSkZJRgABAQAAAQABAAD
AAgGBgcGBQgHBwcJCQgKDBQNDAs

AGENT:
BEGIN:VCARD
VERSION:2.1
FN:Somebody Else
TEL:1
END:VCARD
BDAY:19701231
END:VCARD
BEGIN:VCARD
VERSION:4.0
FN:Ola Nord
TEL;VALUE=uri;TYPE="voice,work":tel:+47-22-55-00-00
BDAY:--0203
RELATED;TYPE=child;VALUE=text:Liv Nord
RELATED;TYPE=friend:urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6
END:VCARD
"""

CALENDAR = """\
BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//Example Corp.//Calendar//EN
BEGIN:VTIMEZONE
TZID:Customized Time Zone
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE
BEGIN:VEVENT
UID:dentist@example.org
DTSTAMP:20260101T000000Z
LAST-MODIFIED:20260102T090000Z
DTSTART;TZID=Europe/London:20260303T143000
SUMMARY:Dentist
LOCATION:5 High Street
RRULE:FREQ=MONTHLY;INTERVAL=6
BEGIN:VALARM
ACTION:DISPLAY
DESCRIPTION:Reminder
TRIGGER:-PT15M
END:VALARM
END:VEVENT
BEGIN:VEVENT
UID:choir@example.org
DTSTART;TZID=Customized Time Zone:20260303T190000
DTEND;TZID=Customized Time Zone:20260303T203000
SUMMARY:Choir
DESCRIPTION:<p>Bring the <b>green</b> folder &amp; a pencil</p>
RRULE:FREQ=WEEKLY;BYDAY=TU,TH;UNTIL=20260630T235959Z
EXDATE;TZID=Customized Time Zone:20260310T190000
END:VEVENT
BEGIN:VEVENT
UID:choir@example.org
RECURRENCE-ID;TZID=Customized Time Zone:20260317T190000
DTSTART;TZID=Customized Time Zone:20260318T190000
SUMMARY:Choir
END:VEVENT
BEGIN:VEVENT
UID:skye@example.org
DTSTART;VALUE=DATE:20260801
DTEND;VALUE=DATE:20260809
SUMMARY:Skye
END:VEVENT
BEGIN:VEVENT
UID:cancelled@example.org
DTSTART:20260401T120000Z
SUMMARY:Lunch with the accountant
STATUS:CANCELLED
END:VEVENT
BEGIN:VTODO
UID:paint@example.org
SUMMARY:Buy paint
DUE;VALUE=DATE:20260306
END:VTODO
END:VCALENDAR
"""

MAIL = """\
From anna@example.org Tue Mar  3 09:00:00 2026
From: Anna Smith <anna@example.org>
To: Tom <tom@example.org>
Date: Tue, 3 Mar 2026 09:00:00 +0000
Subject: =?utf-8?q?Caf=C3=A9?= on Friday
Message-ID: <1@example.org>
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary="alternatives"

--alternatives
Content-Type: text/plain; charset=utf-8

See you at the caf\u00e9 at noon.
>From there we can walk.

On Mon, 2 Mar 2026 at 10:00, Tom Featherstonehaugh of the Riverside
Walking Club <tom@example.org> wrote:
> Lunch on Friday?

--\x20
Anna
--alternatives
Content-Type: text/html; charset=utf-8

<p>See you</p>
--alternatives--

From - Tue Mar  3 10:00:00 2026
X-Mozilla-Status: 0001
From: tom@example.org
To: Anna Smith <anna@example.org>, Ada <ada@example.org>, Bo <bo@example.org>,
 Cy <cy@example.org>, Di <di@example.org>
Date: Tue, 3 Mar 2026 10:00:00 -0500
Subject: Re: Lunch
Message-ID: <2@example.org>
Content-Type: text/html; charset=utf-8

<html><head><style>p { color: red }</style></head><body><p>Table for two,<br>at one &amp;
not later</p><img src="https://tracker.example.org/x.png"><blockquote>older words</blockquote>
</body></html>

From - Tue Mar  3 11:00:00 2026
X-Mozilla-Status: 0009
From: tom@example.org
Subject: thrown away
Message-ID: <3@example.org>

Nobody should see this.
"""

FILES = {
    "house.md": NOTE,
    "skye.txt": TEXT,
    "people.vcf": CARDS,
    "days.ics": CALENDAR,
    "letters.mbox": MAIL,
}

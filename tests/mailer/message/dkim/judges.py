"""Two verifiers that have nothing in common with our code: dkimpy, and Perl's Mail::DKIM. The DNS they ask is a mapping."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping

import dkim

PERL = r"""
use strict; use warnings;
use Mail::DKIM::Verifier;
use Mail::DKIM::PublicKey;
my %records = @ARGV;
{ no warnings 'redefine'; no strict 'refs';
  *Mail::DKIM::DNS::query = sub {
    my ($name, $type) = @_;
    return map { TXT->new($_) } grep { defined } $records{$name};
  }; }
{ package TXT; sub new { my ($class, $text) = @_; return bless \$text, $class } sub type { 'TXT' }
  sub char_str_list { my $self = shift; return $$self } sub txtdata { my $self = shift; return $$self } }
local $/; my $mail = <STDIN>;
my $judge = Mail::DKIM::Verifier->new();
$judge->PRINT($mail); $judge->CLOSE();
print $judge->result_detail;
"""


def dkimpy_accepts(message: bytes, records: Mapping[str, str]) -> bool:
    return bool(dkim.verify(message, dnsfunc=lambda name, timeout=5: records.get(name.decode().rstrip("."), "").encode() or None))


def perl_says(message: bytes, records: Mapping[str, str]) -> str:
    """``pass``, or why not."""
    command = ["perl", "-e", PERL, *[word for pair in records.items() for word in pair]]
    done = subprocess.run(command, input=message, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()

#!/usr/bin/env perl
# hard.t - every method on data made to be hard, against R.  SPDX-License-Identifier: MIT
#
# tests/oracle/hard.R writes the data, tests/data/hard/*.csv, and what R makes of each analysis of plan.yaml,
# tests/oracle/hard.csv: numbers to the tolerances of DESIGN, analyses, or why there is no answer.
use strict;
use warnings;
use File::Basename qw(dirname);
use Cwd qw(abs_path);

my $top = dirname(dirname(abs_path($0)));
my $shocksim = $ENV{SHOCKSIM} // "$top/build/release/shocksim";
my @quantities = qw(estimate se ci_low ci_high statistic p_value);

# "a,b" is one cell
sub cells { my ($line) = @_; chomp $line; return map { s/^"(.*)"$/$1/r } $line =~ /("[^"]*"|[^,]*)(?:,|$)/g }

sub rows_of {
    my ($handle) = @_;
    my @names = cells(scalar <$handle>);
    return map { my %row; @row{@names} = cells($_); \%row } <$handle>;
}

# Frailties and random intercepts are maxima of functions known to rounding: DESIGN gives them more.
sub tolerance {
    my ($name, $quantity) = @_;
    return 1e-3 if $name =~ /\.variance$/ || $name =~ /frailty|mixed/ && $quantity !~ /^(estimate|se)$/;
    return 1e-4 if $name =~ /frailty|mixed/;
    return 2e-5 if $name =~ /maxcombo/ && $quantity eq 'p_value'; # mvtnorm's own error
    return $quantity eq 'p_value' ? 1e-5 : 1e-6;
}

# Near 0 differences of less than 1e-7 standard errors are none, and those of p-values below 1e-12.
sub far {
    my ($got, $row, $quantity) = @_;
    my $want = $row->{$quantity};
    return 1 if $got eq '';
    return $got ne $want if "$got$want" =~ /inf/;
    my $unit = $quantity eq 'statistic' ? 1 : $quantity eq 'p_value' ? 1e-5 : $row->{se} || 1e-5;
    return abs($got - $want) > tolerance($row->{analysis}, $quantity) * abs($want) + 1e-7 * $unit;
}

# What differs between a row of the program and R's, in words.
sub differences {
    my ($got, $want) = @_;
    return 'is not there' unless $got;
    return "undefined '$got->{note}', R: '$want->{note}'" if $got->{note} ne $want->{note};
    return () if $want->{note} ne '';
    return map {"$_ $got->{$_}, R: $want->{$_}"}
        grep { $want->{$_} ne '' && far($got->{$_}, $want, $_) } @quantities;
}

open my $stored, '<', "$top/tests/oracle/hard.csv" or die "hard.csv: $!";
my (%wanted, @data);
for my $row (rows_of($stored)) {
    push @data, $row->{data} unless $wanted{ $row->{data} };
    push @{ $wanted{ $row->{data} } }, $row;
}
my $n = 0;
sub report { my ($good, $what, @why) = @_; print $good ? '' : 'not ', 'ok ', ++$n, " - $what\n", map {"# $_\n"} @why }

my $numbers = 0;
for my $data (@data) {
    open my $run, '-|', $shocksim, 'analyze', "$top/tests/data/hard/$data.csv", "$top/tests/data/hard/plan.yaml" or die $!;
    my %got = map { $_->{analysis} => $_ } rows_of($run);
    close $run;
    my @wrong;
    for my $want (@{ $wanted{$data} }) {
        my $got = delete $got{ $want->{analysis} };
        push @wrong, map {"$want->{analysis}: $_"} differences($got, $want);
        $numbers += grep { $want->{$_} ne '' } @quantities;
    }
    for my $extra (sort keys %got) { # .ratio, .variance, …: without an answer for the reason of the first
        my ($want) = grep { $extra =~ /^\Q$_->{analysis}\E\./ && $_->{note} ne '' } @{ $wanted{$data} };
        push @wrong, $want ? map {"$extra: $_"} differences($got{$extra}, $want) : "$extra: R says nothing of it";
    }
    report(!@wrong && $? == 0, $data =~ tr/_/ /r, @wrong);
}
report($numbers > 5000, "$numbers numbers compared");
my %row = (analysis => 'cox', note => '', map { $_ => 0.5 } @quantities);
report(differences({ %row, se => 0.5000006 }, \%row) && differences({ %row, note => 'no events' }, \%row)
        && differences(undef, \%row) && !differences({%row}, \%row), 'another number is noticed');
print "1..$n\n";

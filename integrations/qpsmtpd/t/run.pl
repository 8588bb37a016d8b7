#!/usr/bin/perl -Tw

# Runs t/plugin_tests/whodunit against an installed qpsmtpd, whose package leaves out qpsmtpd's own test suite. Usage:
# perl -T [-I LIB] t/run.pl, from the folder above t/.

use strict;
use warnings;

use Test::More;
use Cwd ();
use File::Temp ();
use Qpsmtpd::Constants;
use Qpsmtpd::Connection;
use Qpsmtpd::Plugin;
use Qpsmtpd::Transaction;

$ENV{PATH} = '/usr/bin:/bin';
delete @ENV{qw(IFS CDPATH ENV BASH_ENV)};

{

    # The parts of a server that the plugin needs.
    package Server;

    sub new {
        my $connection = Qpsmtpd::Connection->new;
        my $spool      = File::Temp::tempdir(CLEANUP => 1);
        return bless {
            connection  => $connection,
            transaction => Qpsmtpd::Transaction->new,
            spool       => $spool,
        }, shift;
    }
    sub connection  { return shift->{connection} }
    sub transaction { return shift->{transaction} }
    sub config      { return }
    sub spool_dir   { return shift->{spool} }
    sub _register_hook { }
    sub log    { }
    sub varlog { my ($self, @said) = @_; Test::More::note("@said[3 .. $#said]") }
}

{
    package Qpsmtpd::Plugin;
    no warnings 'once';
    sub register_test { push @{$_[0]{_tests}}, $_[1] }
}

my ($here) = Cwd::getcwd() =~ /\A(.*)\z/s;
Qpsmtpd::Plugin->compile('whodunit', 'Qpsmtpd::Plugin::whodunit', "$here/whodunit", 1, 'whodunit');
my $plugin = Qpsmtpd::Plugin::whodunit->new;
$plugin->{_qp} = Server->new;
$plugin->register_tests;
for my $test (@{$plugin->{_tests}}) {
    note "# $test";
    $plugin->$test;
}
done_testing();

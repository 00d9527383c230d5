// Package accounthttp is how people come in, and what they and the three administrators see of accounts: the sign-in
// page and its second step, the choice of a post, one's own account, the system administrator's accounts, the
// auditor's log, and the session of programs.
//
// The words: a gate is a page for somebody who is not in yet; it has no navigation. Sign-in has up to four steps, and
// account.Session.Due says which is next: /second looks at it and leads there, so that every step ends with a redirect
// to /second and the last one with the page that was asked for.
//
// Invariants: a session is a cookie that no script reads; a program's token never is one. What gives a way in (a
// one-time password, recovery codes, a program's token) is shown once, in the answer to the POST that made it, and
// stands in no address. Of what was typed everything is kept but the password. A page says no more about an account
// that does not exist than about one that does. One click per role is offered in the demonstration only, and only to
// somebody who sits at the machine itself.
//
// Start at Pages.Routes; Sessions is what package web asks.
package accounthttp

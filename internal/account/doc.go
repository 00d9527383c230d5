// Package account knows who signs in: accounts, passwords, second factors, sessions. What a person may do is none of
// its business: a session names a person and the post they act in, and package access says what follows.
//
// The words: an account is a person's way in, one a person, with a login that is unique in the whole deployment. A
// session begins in stage "password" and is "full" once everything owed is done; what is still owed is its Due: the
// second step, a password change, enrolment of a second factor, the choice of a post. A program's session has a name
// and an end, and is its owner's post for as long as the owner holds it. A device is a browser that has signed in to
// the account before; it knows a random value and has attempts of its own. The epoch of an account counts what ends
// every session begun before it.
//
// Invariants:
//   - Authority is read anew for every request: session, account, holding. Whoever is disabled, changes the password,
//     is reset or leaves the post is out on the next request; a sign-in that was under way then is born dead.
//   - Nothing that lets anybody in is stored as it is: tokens and devices as digests, passwords as Argon2id, recovery
//     codes as digests, an authenticator's secret under the deployment's key. None stands in an act or a log line, and
//     no address is kept anywhere.
//   - An attempt is spent before a password is hashed, so that many at once are no more than the budget. Unknown devices
//     share a budget that grows slower, never shut, and never touches a known device.
//   - An unknown login answers as a known one does: same text, same statements, same hash.
//   - Whoever administers accounts never learns a password that stays, and can't alone take both ways into one account:
//     the one-time password and the removal of the second factors need two people.
//
// Facts are acts in the log of the person's organ; sessions and attempts are scratch (D6).
//
// Start at Service.SignIn and Service.Actor.
package account

// Package e2e drives the work application as people do: in a real browser, through the sign-in page, with the
// keyboard and the mouse. It holds tests only.
//
// A journey is one errand from beginning to end, by as many people as it takes. Each of them sits at a browser of their
// own (a person), signed in with their own password; nobody calls a use case in another's name. What a journey needs to
// be there beforehand, and is not its subject, is laid through the use cases (apptest).
//
// Every page anybody comes to is looked at as well: it has a title and a language, fits a screen 390 pixels wide
// without sideways scrolling, shows no name of a text in place of the text, and makes the browser complain of nothing:
// no script error, no resource that is missing, nothing that the content security policy forbids.
//
// Without Chromium the journeys are skipped and say so; QIANSHAO_NEED_BROWSER=1 makes that a failure. A journey that
// fails leaves a picture of every page that was open, and names the folder. `go test ./e2e -run Pictures -pictures
// DIR` takes the pictures of the README.
//
// Start at city and person.
package e2e

// Package web is the edge: it turns requests into calls of use cases and results into pages.
//
// The words: a Route says its method and path, the permission it needs, and its handler; Mux refuses to mount one
// without a policy. A Ctx is one request: who acts, in which language, on which day. Render writes a page; a handler
// that returns an error has it turned into a page (or a problem document under /api) by the one function fail.
//
// Invariants: handlers decode, call one use case, render; they hold no rules. Everything that changes something is a
// POST, refused when it comes from another site; a repeated POST with the same key does nothing twice. Nothing personal
// is logged: a request's line has its route's pattern, not its path. No page asks another host for anything, and the
// policy header forbids it.
//
// Start at Route and Mux; assets and the layout are in web/ui.
package web

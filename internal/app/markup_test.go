package app_test

import (
	"fmt"
	"html"
	"slices"
	"strings"
)

// A reader of pages as strict as the pages themselves are written: every attribute in quotes or bare, every
// character that means something escaped where it means nothing. What it does not understand is a fault, because a
// browser would guess.

// attribute is one of an element's, its value read as a browser does.
type attribute struct{ name, value string }

// scan reads a page and calls f for every element that begins. Nothing of a text comes to f.
func scan(page string, f func(tag string, attrs []attribute)) error {
	for at := 0; ; {
		i := strings.IndexByte(page[at:], '<')
		if i < 0 {
			return nil
		}
		at += i
		near := page[at:min(len(page), at+80)]
		rest := page[at+1:]
		switch {
		case strings.HasPrefix(rest, "!doctype html>"), strings.HasPrefix(rest, "/"):
			end := strings.IndexByte(rest, '>')
			if end < 0 || strings.ContainsAny(rest[:end], "<\"'=") {
				return fmt.Errorf("an odd end: %q", near)
			}
			at += 1 + end
			continue
		case rest == "" || (rest[0] < 'a' || rest[0] > 'z'):
			return fmt.Errorf("a < that begins nothing: %q", near)
		}
		tag, attrs, n, err := element(rest)
		if err != nil {
			return fmt.Errorf("%w: %q", err, near)
		}
		at += 1 + n
		f(tag, attrs)
		if tag == "script" || tag == "style" {
			if !strings.HasPrefix(page[at:], "</"+tag+">") {
				return fmt.Errorf("a %s with something in it: %q", tag, near)
			}
		}
	}
}

// element reads a tag from behind its <, and says how long it is.
func element(s string) (tag string, attrs []attribute, n int, err error) {
	name := func(i int) int {
		for i < len(s) && (s[i] >= 'a' && s[i] <= 'z' || s[i] >= 'A' && s[i] <= 'Z' || s[i] >= '0' && s[i] <= '9' || s[i] == '-' || s[i] == ':' || s[i] == '_') {
			i++
		}
		return i
	}
	n = name(0)
	tag = s[:n]
	for {
		for n < len(s) && (s[n] == ' ' || s[n] == '\n' || s[n] == '\t') {
			n++
		}
		if n >= len(s) {
			return tag, attrs, n, fmt.Errorf("no end of %s", tag)
		}
		if s[n] == '>' {
			return tag, attrs, n + 1, nil
		}
		if strings.HasPrefix(s[n:], "/>") {
			return tag, attrs, n + 2, nil
		}
		end := name(n)
		if end == n {
			return tag, attrs, n, fmt.Errorf("%q within %s", s[n], tag)
		}
		a := attribute{name: strings.ToLower(s[n:end])}
		if n = end; n < len(s) && s[n] == '=' {
			if n++; n >= len(s) || s[n] != '"' && s[n] != '\'' {
				return tag, attrs, n, fmt.Errorf("%s of %s without quotes", a.name, tag)
			}
			close := strings.IndexByte(s[n+1:], s[n])
			if close < 0 {
				return tag, attrs, n, fmt.Errorf("%s of %s without an end", a.name, tag)
			}
			a.value = html.UnescapeString(s[n+1 : n+1+close])
			n += close + 2
		}
		attrs = append(attrs, a)
	}
}

// leading are the attributes whose value is an address that something is sent to or fetched from.
var leading = []string{"href", "src", "action", "formaction", "hx-get", "hx-post", "data-get", "xlink:href", "data", "poster", "cite", "background", "srcset"}

// inert says what of a page a browser would run, or be led away by, that somebody typed: nothing, in a page that is right.
func inert(page string) (bad []string, links []string) {
	err := scan(page, func(tag string, attrs []attribute) {
		if strings.Contains(tag, mark) || slices.Contains([]string{"iframe", "object", "embed", "base", "frame", "applet", "math", "foreignobject"}, tag) {
			bad = append(bad, "an element "+tag)
		}
		for _, a := range attrs {
			switch {
			case strings.HasPrefix(a.name, "on"), a.name == "srcdoc", strings.Contains(a.name, mark), a.name == "style" && strings.Contains(a.value, mark):
				bad = append(bad, tag+" with "+a.name+"="+a.value)
			case slices.Contains(leading, a.name):
				if v := strings.TrimSpace(a.value); !strings.HasPrefix(v, "/") && !strings.HasPrefix(v, "#") && !strings.HasPrefix(v, "?") && v != "" || strings.HasPrefix(v, "//") {
					bad = append(bad, tag+" leads to "+v)
				} else if a.name == "href" && strings.HasPrefix(v, "/") {
					links = append(links, v)
				}
			}
		}
		if tag == "script" && !slices.ContainsFunc(attrs, func(a attribute) bool { return a.name == "src" && strings.HasPrefix(a.value, "/assets/") }) {
			bad = append(bad, "a script of the page's own")
		}
	})
	if err != nil {
		bad = append(bad, err.Error())
	}
	return bad, links
}

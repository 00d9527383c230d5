package ui

import "github.com/a-h/templ"

func rootAttrs(f Frame) templ.Attributes {
	a := templ.Attributes{}
	if f.Theme == "light" || f.Theme == "dark" {
		a["data-theme"] = f.Theme
	}
	if f.Density == "loose" || f.Density == "tight" {
		a["data-density"] = f.Density
	}
	return a
}

func current(yes bool) templ.Attributes {
	if yes {
		return templ.Attributes{"aria-current": "page"}
	}
	return nil
}

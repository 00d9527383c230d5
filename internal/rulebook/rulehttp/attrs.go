package rulehttp

import "github.com/a-h/templ"

func here(yes bool) templ.Attributes {
	if yes {
		return templ.Attributes{"aria-current": "page"}
	}
	return nil
}

package insighthttp

import (
	"strconv"

	"github.com/a-h/templ"

	"qianshao/internal/insight"
)

func currentPage(yes bool) templ.Attributes {
	if yes {
		return templ.Attributes{"aria-current": "true"}
	}
	return nil
}

// wrong marks a field that has a message beside it.
func wrong(text string) templ.Attributes {
	if text == "" {
		return nil
	}
	return templ.Attributes{"aria-invalid": "true"}
}

func rowCount(s insight.Section) string { return strconv.Itoa(len(s.Table.Rows)) }

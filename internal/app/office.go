package app

import (
	"qianshao/internal/org/orghttp"
	"qianshao/internal/web"
)

// officeRoutes are the pages beside the matters themselves: who stands in for whom.
func (a *App) officeRoutes(og *orghttp.Pages) []web.Route {
	return og.DelegationRoutes()
}

package app

import (
	"slices"

	"qianshao/internal/custody/custodyhttp"
	"qianshao/internal/org/orghttp"
	"qianshao/internal/web"
)

// officeRoutes are the pages beside the matters themselves: who stands in for whom, the organ's key.
func (a *App) officeRoutes(og *orghttp.Pages) []web.Route {
	keys := &custodyhttp.Pages{Custody: a.Custody}
	return slices.Concat(og.DelegationRoutes(), keys.Routes())
}

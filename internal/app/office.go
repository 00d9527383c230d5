package app

import (
	"slices"

	"qianshao/internal/custody/custodyhttp"
	"qianshao/internal/flow/flowhttp"
	"qianshao/internal/org/orghttp"
	"qianshao/internal/rulebook/rulehttp"
	"qianshao/internal/web"
)

// officeRoutes are the pages beside the matters themselves: who stands in for whom, the organ's key, the rules.
func (a *App) officeRoutes(og *orghttp.Pages, fp *flowhttp.Pages) []web.Route {
	keys := &custodyhttp.Pages{Custody: a.Custody}
	rules := &rulehttp.Pages{Rules: a.Rules, Org: a.Org, Article: fp.Article}
	return slices.Concat(og.DelegationRoutes(), keys.Routes(), rules.Routes())
}

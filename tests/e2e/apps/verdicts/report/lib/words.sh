greeting='Good morning'

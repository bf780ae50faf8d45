module example.com/noon

go 1.18

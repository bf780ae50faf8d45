module example.com/harbour

go 1.18

require example.com/tides v1.2.0

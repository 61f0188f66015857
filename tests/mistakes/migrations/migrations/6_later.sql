-- what comes next


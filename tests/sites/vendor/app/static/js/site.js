// What other scripts and the page may use: these names have to stay.
var siteName = "Vendors";

function greet(personName) {
  return "Hello " + personName + " of " + siteName;
}

jQuery(function ($) {
  $("#greeting").text(greet($("h1 small").text()));
}) // no end

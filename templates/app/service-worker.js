{% load static %}// {{ version }}
import { serve } from "{% static "js/app/worker.js" %}";

serve({{ config|safe }});

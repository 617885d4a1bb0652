# kl_div in a comment only
x = "F.kl_div(F.softmax(a), b)"
def kl_divergence(a, b):
    return a - b
